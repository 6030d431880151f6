/* The numbers in event_fields.h are those of event.proto, and the schema is what the validator takes it to
 * be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <event.pb-c.h>
#include <vedette/event_validate.h>

#include "event_fields.h"

static void numbers_are_the_schemas(void **state)
{
    (void)state;
    static const struct {
        const ProtobufCMessageDescriptor *message;
        const char *name;
        uint32_t number;
    } fields[] = {
#define FIELD_ROW(constant, message, field, number) {&vedette__v1__##message##__descriptor, #field, constant},
        EVENT_FIELDS(FIELD_ROW)
#undef FIELD_ROW
    };
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        const ProtobufCFieldDescriptor *known =
            protobuf_c_message_descriptor_get_field_by_name(fields[i].message, fields[i].name);
        if (known == NULL || known->id != fields[i].number)
            fail_msg("%s.%s is not %u", fields[i].message->short_name, fields[i].name, fields[i].number);
    }
}

/* The validator knows these types only, takes no packed numbers, and recurses as deep as the schema. */
static int depth_of(const ProtobufCMessageDescriptor *message, int above)
{
    int deepest = above + 1;
    assert_true(above < 20); /* not recursive */
    for (unsigned i = 0; i < message->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->fields[i];
        bool text = field->type == PROTOBUF_C_TYPE_STRING || field->type == PROTOBUF_C_TYPE_MESSAGE;
        bool number = field->type == PROTOBUF_C_TYPE_INT32 || field->type == PROTOBUF_C_TYPE_INT64 ||
                      field->type == PROTOBUF_C_TYPE_UINT32 || field->type == PROTOBUF_C_TYPE_UINT64 ||
                      field->type == PROTOBUF_C_TYPE_BOOL || field->type == PROTOBUF_C_TYPE_DOUBLE;
        if (!text && (!number || field->label == PROTOBUF_C_LABEL_REPEATED))
            fail_msg("%s.%s is of a type that event_validate.c does not know", message->short_name,
                     field->name);
        if (field->type == PROTOBUF_C_TYPE_MESSAGE) {
            int below = depth_of(field->descriptor, above + 1);
            deepest = below > deepest ? below : deepest;
        }
    }
    return deepest;
}

static void the_schema_is_as_deep_as_the_validator(void **state)
{
    (void)state;
    assert_int_equal(depth_of(&vedette__v1__event__descriptor, 0), VD_VALIDATE_DEPTH_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_the_schemas),
        cmocka_unit_test(the_schema_is_as_deep_as_the_validator),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
