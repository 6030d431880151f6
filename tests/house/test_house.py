"""Holds the sources to the house plan, and the checks of the plan to small houses that break it."""
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import arrows  # noqa: E402
import shape  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]


class SourcesTest(unittest.TestCase):
    maxDiff = None

    def test_includes_follow_the_arrows(self):
        self.assertEqual(list(arrows.House(ROOT).offences()), [])

    def test_files_have_the_shape_of_the_house(self):
        self.assertEqual(list(shape.offences(ROOT)), [])


class SmallHouse(unittest.TestCase):
    """A throw-away tree; write(path, text) puts a file into it."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name)
        self.write("core/base/clock.c", "#include <vedette/clock.h>\n")
        self.write("include/vedette/clock.h", "#include <stdint.h>\n")
        self.write("core/net/stream.c", "#include <vedette/stream.h>\n")
        self.write("include/vedette/stream.h", "#include <uv.h>\n#include <vedette/clock.h>\n")

    def write(self, path, text):
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text)

    def wrong(self):
        return list(arrows.House(self.root).offences())


class ArrowsTest(SmallHouse):
    def test_a_house_in_order(self):
        self.write("agent/main.c", '#include <uv.h>\n#include <vedette/stream.h>\n#include "uplink.h"\n')
        self.write("agent/uplink.h", "")
        self.write("collector/score/score.h", "")
        self.write("collector/shard.c", '#include "score/score.h"\n')
        self.write("agent/sources/tail.c", '#include <uv.h>\n#include "uplink.h"\n#include "event.pb-c.h"\n')
        self.assertEqual(self.wrong(), [])

    def test_against_an_arrow(self):
        self.write("core/base/clock.c", "#include <vedette/stream.h>\n")
        self.assertEqual(self.wrong(), ["core/base/clock.c: includes vedette/stream.h: base may not know net"])

    def test_against_an_arrow_from_a_public_header(self):
        self.write("include/vedette/clock.h", "# include  <vedette/stream.h>\n")
        self.assertEqual(self.wrong(), ["include/vedette/clock.h: includes vedette/stream.h: base may not know net"])

    def test_score_sees_base_and_proto_only(self):
        self.write("collector/score/rate.c", "#include <vedette/clock.h>\n#include <vedette/stream.h>\n#include <uv.h>\n")
        self.assertEqual(len(self.wrong()), 2)

    def test_programs_do_not_know_each_other(self):
        self.write("agent/intake.h", "")
        self.write("tools/load.c", '#include "../agent/intake.h"\n')
        self.assertEqual(self.wrong(), ["tools/load.c: includes ../agent/intake.h: a private header of agent"])

    def test_a_foreign_header_outside_its_owner(self):
        for path, header in [("agent/uplink.c", "openssl/ssl.h"), ("core/net/stream.c", "openssl/bio.h"),
                             ("collector/shard.c", "librdkafka/rdkafka.h"), ("proto/frame.c", "lz4.h"),
                             ("proto/wire.c", "uv.h"), ("tools/parse.c", "jansson.h"),
                             ("agent/main.c", "yaml.h"), ("agent/main.c", "systemd/sd-daemon.h"),
                             ("collector/session.c", "event.pb-c.h"), ("agent/sources/tail.c", "systemd/sd-journal.h")]:
            with self.subTest(path=path, header=header):
                self.write(path, f"#include <{header}>\n")
                self.assertEqual(len(self.wrong()), 1)
                (self.root / path).unlink()
                self.write("core/net/stream.c", "#include <vedette/stream.h>\n")

    def test_a_header_of_no_layer(self):
        self.write("include/vedette/stray.h", "")
        self.assertIn("no layer", self.wrong()[0])

    def test_a_private_header_that_is_not_there(self):
        self.write("agent/main.c", '#include "gone.h"\n')
        self.assertIn("no such file", self.wrong()[0])


class ShapeTest(SmallHouse):
    GOOD = "/* Keeps the time. */\n#include <time.h>\n\nstatic int f(void)\n{\n    return 0;\n}\n"

    def wrong_shape(self, path, text):
        self.write(path, text)
        return [line for line in shape.offences(self.root) if line.startswith(path)]

    def test_a_file_in_shape(self):
        self.assertEqual(self.wrong_shape("agent/time.c", self.GOOD), [])

    def test_what_is_out_of_shape(self):
        long_body = self.GOOD.replace("    return 0;\n", "    ;\n" * 70)
        for path, text in [("agent/time.c", "#include <time.h>\n"), ("agent/util.c", self.GOOD),
                           ("agent/time.c", self.GOOD + "\n" * 500), ("agent/time.h", self.GOOD + "\n" * 120),
                           ("agent/time.c", long_body), ("agent/time.c", self.GOOD + "typedef struct a b;\n"),
                           ("scripts/run", "#!/bin/sh\nset -e\n"), ("tests/x.py", "import os\n")]:
            with self.subTest(path=path, text=text[:40]):
                self.assertEqual(len(self.wrong_shape(path, text)), 1)
                (self.root / path).unlink()


if __name__ == "__main__":
    unittest.main()
