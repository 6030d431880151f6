/* Each rule of the validator, by one event that breaks it; what it takes, protobuf-c unpacks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <event.pb-c.h>
#include <vedette/error.h>
#include <vedette/event_validate.h>
#include <vedette/wire.h>

#include "event_random.h"
#include "literal.h"

#define NOW_MS INT64_C(1800000000000)
/* class_uid 3002, activity_id 1, time 1700000000000: what every event below begins with. */
#define HEAD "\x08\xba\x17\x10\x01\x28\x80\xd0\x95\xff\xbc\x31"

static struct vd_event_view VIEW; /* what a case left, for whoever looks */
static const struct vd_validate_limits LIMITS = {.event_max_bytes = VD_VALIDATE_STRING_MAX_BYTES + 4096};

struct verdict {
    const char *what;
    struct vd_bytes event;
    const char *reason, *path;
};

static void verdict_is(const struct verdict *v)
{
    struct vd_refusal why = {0};
    int rc = vd_event_validate(&VIEW, v->event, &LIMITS, NOW_MS, &why);
    if (v->reason == NULL) {
        if (rc != 0)
            fail_msg("%s: refused, %s at %s", v->what, why.reason, why.path);
        return;
    }
    if (rc != VD_EREFUSED)
        fail_msg("%s: taken", v->what);
    assert_string_equal(why.reason, v->reason);
    assert_string_equal(why.path, v->path);
}

static const struct verdict verdicts[] = {
    {"the least event", BYTES(HEAD), NULL, NULL},
    {"a base event", BYTES("\x28\x80\xd0\x95\xff\xbc\x31"), NULL, NULL},
    {"overwritten fields", BYTES(HEAD "\x32\x07\x0a\x01u\x22\x02tt"), NULL, NULL},
    {"an event code", BYTES(HEAD "\x32\x05\x7a\x03GAP"), NULL, NULL},
    {"an unmapped entry", BYTES(HEAD "\xc2\x01\x06\x0a\x01k\x12\x01v"), NULL, NULL},
    {"exit code 0", BYTES(HEAD "\xa0\x02\x00"), NULL, NULL},
    {"UTF-8", BYTES(HEAD "\x7a\x05\xe4\xb8\xad\xc3\xa9"), NULL, NULL},
    {"the last class counts", BYTES("\x08\x01" HEAD), NULL, NULL},

    {"a field cut off", BYTES(HEAD "\x7a\x05x"), "malformed", ""},
    {"a sub-message cut off", BYTES(HEAD "\x62\x02\x0a\x05"), "malformed", "src_endpoint"},
    {"a group", BYTES(HEAD "\x0b\x0c"), "malformed", ""},
    {"an unknown field", BYTES(HEAD "\xc0\x3e\x01"), "unknown field", "1000"},
    {"an unknown field within", BYTES(HEAD "\x62\x03\x98\x06\x01"), "unknown field", "src_endpoint.99"},
    {"a hole in the numbers", BYTES(HEAD "\xe0\x02\x01"), "unknown field", "44"},
    {"a varint where text goes", BYTES(HEAD "\x78\x01"), "wrong wire type", "message"},
    {"text where a varint goes", BYTES(HEAD "\x1a\x01x"), "wrong wire type", "severity_id"},
    {"fixed64 where a varint goes",
     BYTES(HEAD "\x19"
                "12345678"),
     "wrong wire type", "severity_id"},
    {"a varint where a message goes", BYTES(HEAD "\x60\x01"), "wrong wire type", "src_endpoint"},
    {"deep within", BYTES(HEAD "\x42\x06\x12\x04\x0a\x02\xff\xfe"), "invalid UTF-8", "actor.user.name"},
    {"bad UTF-8", BYTES(HEAD "\x7a\x02\xc3x"), "invalid UTF-8", "message"},
    {"a lone continuation byte", BYTES(HEAD "\x7a\x01\x80"), "invalid UTF-8", "message"},
    {"a NUL", BYTES(HEAD "\x7a\x03x\x00y"), "NUL in a string", "message"},
    {"a NUL in a long string",
     BYTES(HEAD "\x7a\x0a"
                "12345678\x00y"),
     "NUL in a string", "message"},
    {"a NUL early in a long string",
     BYTES(HEAD "\x7a\x0a\x00"
                "123456789"),
     "NUL in a string", "message"},
    {"bad UTF-8 in a key", BYTES(HEAD "\xc2\x01\x03\x0a\x01\xff"), "invalid UTF-8", "unmapped.key"},

    {"category_uid", BYTES(HEAD "\x80\x01\x03"), "only the collector may set it", "category_uid"},
    {"type_uid", BYTES(HEAD "\x88\x01\x03"), "only the collector may set it", "type_uid"},
    {"risk_score", BYTES(HEAD "\x90\x03\x03"), "only the collector may set it", "risk_score"},
    {"risk_score of 0", BYTES(HEAD "\x90\x03\x00"), "only the collector may set it", "risk_score"},
    {"risk_level_id", BYTES(HEAD "\x98\x03\x03"), "only the collector may set it", "risk_level_id"},
    {"is_alert", BYTES(HEAD "\xa0\x03\x01"), "only the collector may set it", "is_alert"},
    {"confidence_id", BYTES(HEAD "\xa8\x03\x01"), "only the collector may set it", "confidence_id"},
    {"risk_details", BYTES(HEAD "\xb2\x03\x01x"), "only the collector may set it", "risk_details"},
    {"attacks", BYTES(HEAD "\xba\x03\x00"), "only the collector may set it", "attacks"},
    {"osint", BYTES(HEAD "\xc2\x03\x00"), "only the collector may set it", "osint"},
    {"observables", BYTES(HEAD "\xca\x03\x00"), "only the collector may set it", "observables"},
    {"anomaly_analyses", BYTES(HEAD "\xea\x03\x00"), "only the collector may set it", "anomaly_analyses"},
    {"processed_time", BYTES(HEAD "\x32\x02\x48\x01"), "only the collector may set it",
     "metadata.processed_time"},
    /* Another product's detection may come by way of an agent, one of the collector's findings may not. */
    {"a detection", BYTES(HEAD "\x08\xd4\x0f\xe2\x03\x0a\x0a\x02r1\x12\x04scan"), NULL, NULL},
    {"a finding's uid", BYTES(HEAD "\xe2\x03\x13\x0a\x11vedette-finding-1"), "only the collector may set it",
     "finding_info.uid"},
    {"a finding's uid, of the end that counts", BYTES(HEAD "\xe2\x03\x16\x0a\x01x\x0a\x11vedette-finding-1"),
     "only the collector may set it", "finding_info.uid"},
    {"related events", BYTES(HEAD "\xe2\x03\x03\x42\x01x"), "only the collector may set it",
     "finding_info.related_event_uids"},
    {"modified_time", BYTES(HEAD "\xe2\x03\x02\x50\x00"), "only the collector may set it",
     "finding_info.modified_time"},
    {"the count of related events", BYTES(HEAD "\xe2\x03\x02\x58\x01"), "only the collector may set it",
     "finding_info.related_events_count"},
    {"a finding's attacks", BYTES(HEAD "\xe2\x03\x02\x62\x00"), "only the collector may set it",
     "finding_info.attacks"},

    {"class -1", BYTES(HEAD "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), "no such class", "class_uid"},
    {"class 1000", BYTES(HEAD "\x08\xe8\x07"), "no such class", "class_uid"},
    {"class 999", BYTES(HEAD "\x08\xe7\x07"), "no such class", "class_uid"},
    {"class 4000", BYTES(HEAD "\x08\xa0\x1f"), "no such class", "class_uid"},
    {"class 9001", BYTES(HEAD "\x08\xa9\x46"), "no such class", "class_uid"},
    {"class 8999", BYTES(HEAD "\x08\xa7\x46"), NULL, NULL},
    {"activity 99", BYTES(HEAD "\x10\x63"), NULL, NULL},
    {"activity 100", BYTES(HEAD "\x10\x64"), "no such activity", "activity_id"},
    {"activity -1", BYTES(HEAD "\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), "no such activity",
     "activity_id"},
    {"no time", BYTES("\x08\xba\x17"), "time missing or too early", "time"},
    {"a negative time", BYTES(HEAD "\x28\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
     "time missing or too early", "time"},
    {"the last day of 1999", BYTES(HEAD "\x28\xff\xcf\xde\xc4\xc6\x1b"), "time missing or too early", "time"},
    {"the end of time", BYTES(HEAD "\x28\xff\xff\xff\xff\xff\xff\xff\xff\x7f"), "time in the future", "time"},
    {"nothing", {0}, "time missing or too early", "time"},
};

static void each_rule(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof verdicts / sizeof *verdicts; i++)
        verdict_is(&verdicts[i]);
}

/* HEAD, then `count` times `piece`. */
static void repeated_is(struct vd_bytes piece, size_t count, const char *reason, const char *path)
{
    static uint8_t bytes[VD_VALIDATE_STRING_MAX_BYTES];
    size_t len = sizeof HEAD - 1;
    memcpy(bytes, HEAD, len);
    for (size_t i = 0; i < count; i++, len += piece.len)
        memcpy(bytes + len, piece.data, piece.len);
    verdict_is(&(struct verdict){"repeated", vd_bytes_of(bytes, len), reason, path});
}

static void counts_are_capped(void **state)
{
    (void)state;
    enum { HEAD_FIELDS = 3 };
    struct vd_bytes one = BYTES("\x18\x01"), three = BYTES("\x62\x04\x10\x01\x10\x02"),
                    entry = BYTES("\xc2\x01\x00");
    repeated_is(one, VD_VALIDATE_FIELDS_MAX - HEAD_FIELDS, NULL, NULL);
    repeated_is(one, VD_VALIDATE_FIELDS_MAX - HEAD_FIELDS + 1, "too many fields", "");
    /* Fields count at every depth. */
    repeated_is(three, (VD_VALIDATE_FIELDS_MAX - HEAD_FIELDS) / 3, NULL, NULL);
    repeated_is(three, (VD_VALIDATE_FIELDS_MAX - HEAD_FIELDS) / 3 + 1, "too many fields", "src_endpoint");
    repeated_is(entry, VD_VALIDATE_UNMAPPED_MAX, NULL, NULL);
    repeated_is(entry, VD_VALIDATE_UNMAPPED_MAX + 1, "too many unmapped entries", "unmapped");
}

static void sizes_are_capped(void **state)
{
    (void)state;
    enum { RAW_DATA = 23, HEAD_BYTES = sizeof HEAD - 1 };
    static uint8_t text[VD_VALIDATE_STRING_MAX_BYTES + 4096], bytes[sizeof text + 64];
    memset(text, 'x', sizeof text);
    memcpy(bytes, HEAD, HEAD_BYTES);
    uint8_t *end =
        vd_wire_put_bytes(bytes + HEAD_BYTES, RAW_DATA, vd_bytes_of(text, VD_VALIDATE_STRING_MAX_BYTES));
    verdict_is(&(struct verdict){"64 KiB", vd_bytes_of(bytes, (size_t)(end - bytes)), NULL, NULL});
    end =
        vd_wire_put_bytes(bytes + HEAD_BYTES, RAW_DATA, vd_bytes_of(text, VD_VALIDATE_STRING_MAX_BYTES + 1));
    verdict_is(&(struct verdict){"a byte more", vd_bytes_of(bytes, (size_t)(end - bytes)), "string too long",
                                 "raw_data"});
    end = vd_wire_put_bytes(bytes + HEAD_BYTES, RAW_DATA, vd_bytes_of(text, LIMITS.event_max_bytes));
    verdict_is(
        &(struct verdict){"too large", vd_bytes_of(bytes, (size_t)(end - bytes)), "event too large", ""});
}

static void the_future_is_a_day_away(void **state)
{
    (void)state;
    uint8_t bytes[16];
    struct vd_refusal why;
    uint8_t *end = vd_wire_put_uint(bytes, 5, (uint64_t)(NOW_MS + VD_VALIDATE_FUTURE_MAX_MS));
    struct vd_bytes event = vd_bytes_of(bytes, (size_t)(end - bytes));
    assert_int_equal(vd_event_validate(&VIEW, event, &LIMITS, NOW_MS, &why), 0);
    assert_int_equal(vd_event_validate(&VIEW, event, &LIMITS, NOW_MS - 1, &why), VD_EREFUSED);
    assert_string_equal(why.reason, "time in the future");
    end = vd_wire_put_uint(bytes, 5, VD_VALIDATE_EARLIEST_MS);
    assert_int_equal(
        vd_event_validate(&VIEW, vd_bytes_of(bytes, (size_t)(end - bytes)), &LIMITS, NOW_MS, &why), 0);
    end = vd_wire_put_uint(bytes, 5, VD_VALIDATE_EARLIEST_MS - 1);
    assert_int_equal(
        vd_event_validate(&VIEW, vd_bytes_of(bytes, (size_t)(end - bytes)), &LIMITS, NOW_MS, &why),
        VD_EREFUSED);
}

static void a_long_path_is_cut(void **state)
{
    (void)state;
    /* evidences.process.parent_process.file.owner.domain, the deepest there is */
    struct vd_bytes event = BYTES(HEAD "\xf2\x03\x0b\x0a\x09\x3a\x07\x2a\x05\x32\x03\x22\x01\xff");
    struct vd_refusal why;
    assert_int_equal(vd_event_validate(&VIEW, event, &LIMITS, NOW_MS, &why), VD_EREFUSED);
    assert_string_equal(why.path, "evidences.process.parent_process.file.owner.domain");
    assert_string_equal(why.reason, "invalid UTF-8");
}

/* What an agent may say, less what is judged by value. */
static bool agents(const ProtobufCMessageDescriptor *message, const ProtobufCFieldDescriptor *field)
{
    static const char *const not_theirs[] = {
        "category_uid",  "type_uid",     "risk_score",       "risk_level_id", "is_alert",
        "confidence_id", "risk_details", "anomaly_analyses", "attacks",       "osint",
        "observables",   "class_uid",    "activity_id",      "time",
    };
    if (message == &vedette__v1__metadata__descriptor)
        return strcmp(field->name, "processed_time") != 0;
    if (message == &vedette__v1__finding_info__descriptor)
        return strncmp(field->name, "related_", 8) != 0 && strcmp(field->name, "modified_time") != 0 &&
               strcmp(field->name, "attacks") != 0;
    for (size_t i = 0;
         message == &vedette__v1__event__descriptor && i < sizeof not_theirs / sizeof *not_theirs; i++)
        if (strcmp(field->name, not_theirs[i]) == 0)
            return false;
    return true;
}

static void what_follows_the_rules_is_taken(void **state)
{
    (void)state;
    struct vd_random random = {.state = 11};
    uint8_t bytes[sizeof HEAD + EVENT_RANDOM_MAX_BYTES] = HEAD;
    for (int i = 0; i < 5000; i++) {
        size_t len = sizeof HEAD - 1 + event_random(&random, agents, bytes + sizeof HEAD - 1);
        verdict_is(&(struct verdict){"random", vd_bytes_of(bytes, len), NULL, NULL});
    }
}

/* Bytes changed at random: whatever is still taken, protobuf-c unpacks. */
static void what_is_taken_unpacks(void **state)
{
    (void)state;
    struct vd_random random = {.state = 13};
    uint8_t bytes[sizeof HEAD + EVENT_RANDOM_MAX_BYTES] = HEAD;
    int taken = 0;
    for (int i = 0; i < 20000; i++) {
        size_t len = sizeof HEAD - 1 + event_random(&random, agents, bytes + sizeof HEAD - 1);
        struct vd_refusal why;
        bytes[vd_random_below(&random, len)] = (uint8_t)vd_random_next(&random);
        if (vd_event_validate(&VIEW, vd_bytes_of(bytes, len), &LIMITS, NOW_MS, &why) == 0) {
            Vedette__V1__Event *event = vedette__v1__event__unpack(NULL, len, bytes);
            assert_non_null(event);
            vedette__v1__event__free_unpacked(event, NULL);
            taken++;
        }
        memcpy(bytes, HEAD, sizeof HEAD - 1);
    }
    assert_in_range(taken, 1000, 19000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_rule),
        cmocka_unit_test(counts_are_capped),
        cmocka_unit_test(sizes_are_capped),
        cmocka_unit_test(the_future_is_a_day_away),
        cmocka_unit_test(a_long_path_is_cut),
        cmocka_unit_test(what_follows_the_rules_is_taken),
        cmocka_unit_test(what_is_taken_unpacks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
