/* The journal source: a clear error where there is no journal; its entries where there is one. */
#include "pulled.h"

#include <vedette/error.h>

static int try_open(struct pulled *p, const struct journal_config *config, struct vd_bytes cursor, char *why)
{
    const struct source_host host = pulled_host(p);
    why[0] = '\0';
    return journal_open(&p->source, &host, config, cursor, why);
}

static void test_no_such_folder(void **state)
{
    (void)state;
    struct pulled p;
    char why[SOURCE_ERROR_BYTES];
    pulled_init(&p);
    const struct journal_config config = {.directory = "/nonexistent"};
    assert_int_equal(try_open(&p, &config, (struct vd_bytes){0}, why), VD_ENOTFOUND);
    assert_string_equal(why, "journal: no systemd journal in /nonexistent");
    assert_null(p.source);
    pulled_deinit(&p);
}

static void test_damaged_cursor(void **state)
{
    (void)state;
    struct pulled p;
    char why[SOURCE_ERROR_BYTES];
    pulled_init(&p);
    const struct journal_config config = {.directory = p.folder};
    assert_int_equal(try_open(&p, &config, vd_bytes_str("junk"), why), VD_EMALFORMED);
    assert_string_equal(why, "journal: the saved cursor is damaged");
    pulled_deinit(&p);
}

static void test_empty_folder_then_end(void **state)
{
    (void)state;
    struct pulled p;
    char why[SOURCE_ERROR_BYTES];
    pulled_init(&p);
    const struct journal_config config = {.directory = p.folder, .once = true};
    assert_int_equal(try_open(&p, &config, (struct vd_bytes){0}, why), 0);
    assert_int_equal(pulled_all(&p), SOURCE_END);
    pulled_deinit(&p);
}

/* VEDETTE_TEST_JOURNAL names a folder of journal files; without it, this host's journal, if there is one. */
static void test_entries_and_cursor(void **state)
{
    (void)state;
    struct pulled p;
    char why[SOURCE_ERROR_BYTES];
    pulled_init(&p);
    const struct journal_config config = {.directory = getenv("VEDETTE_TEST_JOURNAL"), .once = true};
    p.room = 3;
    int rc = try_open(&p, &config, (struct vd_bytes){0}, why);
    if (rc != 0 || pulled_all(&p) != SOURCE_FULL) {
        print_message("skipped: %s\n", rc != 0 ? why : "fewer than four entries in the journal");
        pulled_deinit(&p);
        skip();
    }
    char *fourth;
    p.room = 1;
    assert_in_range(pulled_all(&p), SOURCE_FULL, SOURCE_END);
    fourth = strdup(p.messages[3]);
    pulled_close(&p);
    pulled_forget(&p);
    /* Up to the third, and then from its cursor in another source. */
    p.room = 3;
    assert_int_equal(try_open(&p, &config, (struct vd_bytes){0}, why), 0);
    pulled_all(&p);
    pulled_close(&p);
    pulled_forget(&p);
    p.room = 1;
    assert_int_equal(try_open(&p, &config, vd_bytes_of(p.cursor, p.cursor_len), why), 0);
    pulled_all(&p);
    assert_string_equal(p.messages[0], fourth);
    free(fourth);
    pulled_deinit(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_such_folder),
        cmocka_unit_test(test_damaged_cursor),
        cmocka_unit_test(test_empty_folder_then_end),
        cmocka_unit_test(test_entries_and_cursor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
