/* The best bare librdkafka producer: idempotent, lz4, whole batches without copying, a fixed partition a
 * batch. What a collector that did nothing else could reach on this machine; end-to-end sets the collector
 * beside it.
 *
 *   bench-producer BROKERS TOPIC PARTITIONS EVENTS BYTES|FILE [--headers]
 *
 * BYTES: made-up text of that length. FILE: values to send again and again, each after its length in four
 * bytes, little-endian: what compresses otherwise than the real thing compares with nothing. */
#include <librdkafka/rdkafka.h>

#include <endian.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum { BATCH = 200, IN_FLIGHT_MAX = 50000, VALUES_MAX = 4096, VALUE_MAX_BYTES = 4096, TEXTS = 512 };

struct bench {
    rd_kafka_t *rk;
    rd_kafka_queue_t *queue;
    rd_kafka_topic_t *topic;
    char *values[VALUES_MAX];
    size_t lens[VALUES_MAX], value_count;
    long sent, delivered, failed;
    int partitions;
    int with_headers;
};

static void die(const char *what, const char *why)
{
    fprintf(stderr, "bench-producer: %s: %s\n", what, why);
    exit(70);
}

static void set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
    char error[256];
    if (rd_kafka_conf_set(conf, name, value, error, sizeof error) != RD_KAFKA_CONF_OK)
        die(name, error);
}

static void open_producer(struct bench *b, const char *brokers, const char *topic)
{
    static const char *const SETTINGS[][2] = {{"enable.idempotence", "true"},
                                              {"compression.codec", "lz4"},
                                              {"linger.ms", "5"},
                                              {"queue.buffering.max.messages", "1000000"},
                                              {"queue.buffering.max.kbytes", "1048576"},
                                              {"socket.nagle.disable", "true"}};
    char error[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    set(conf, "bootstrap.servers", brokers);
    for (size_t i = 0; i < sizeof SETTINGS / sizeof *SETTINGS; i++)
        set(conf, SETTINGS[i][0], SETTINGS[i][1]);
    rd_kafka_conf_set_events(conf, RD_KAFKA_EVENT_DR);
    b->rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, sizeof error);
    if (b->rk == NULL)
        die("rd_kafka_new", error);
    b->queue = rd_kafka_queue_get_main(b->rk);
    b->topic = rd_kafka_topic_new(b->rk, topic, NULL);
    const struct rd_kafka_metadata *metadata;
    if (rd_kafka_metadata(b->rk, 0, b->topic, &metadata, 10000) == RD_KAFKA_RESP_ERR_NO_ERROR)
        rd_kafka_metadata_destroy(metadata);
}

static char *add_value(struct bench *b, size_t len)
{
    char *value = malloc(len);
    if (value == NULL)
        die("values", "out of memory");
    b->lens[b->value_count] = len;
    return b->values[b->value_count++] = value;
}

/* Text of words and numbers. */
static void make_values(struct bench *b, size_t len)
{
    static const char *const WORDS[] = {"sshd",      "session",          "opened", "user",
                                        "10.0.3.17", "/usr/bin/python3", "port",   "acme"};
    char text[VALUE_MAX_BYTES + 64];
    unsigned seed = 1;
    while (b->value_count < TEXTS) {
        for (size_t at = 0; at < len;) {
            seed = seed * 1103515245u + 12345u;
            at += (size_t)snprintf(text + at, sizeof text - at, "%s %u ", WORDS[seed >> 16 & 7], seed >> 20);
        }
        memcpy(add_value(b, len), text, len);
    }
}

static void read_values(struct bench *b, const char *path)
{
    FILE *file = fopen(path, "rb");
    uint32_t len;
    if (file == NULL)
        die(path, "cannot open it");
    while (b->value_count < VALUES_MAX && fread(&len, sizeof len, 1, file) == 1) {
        len = le32toh(len);
        if (len == 0 || len > VALUE_MAX_BYTES || fread(add_value(b, len), 1, len, file) != len)
            die(path, "not a file of values");
    }
    fclose(file);
    if (b->value_count == 0)
        die(path, "holds no value");
}

static void drain(struct bench *b, int wait_ms)
{
    rd_kafka_event_t *event;
    while ((event = rd_kafka_queue_poll(b->queue, wait_ms)) != NULL) {
        const rd_kafka_message_t *message;
        while ((message = rd_kafka_event_message_next(event)) != NULL) {
            b->failed += message->err != 0;
            b->delivered++;
        }
        rd_kafka_event_destroy(event);
        wait_ms = 0;
    }
}

static void send_batch(struct bench *b)
{
    static rd_kafka_message_t messages[BATCH];
    for (int i = 0; i < BATCH; i++) {
        size_t at = (size_t)(b->sent + i) % b->value_count;
        messages[i] = (rd_kafka_message_t){.payload = b->values[at],
                                           .len = b->lens[at],
                                           .key = (void *)(uintptr_t) "tenant/host-1",
                                           .key_len = 13};
    }
    int took =
        rd_kafka_produce_batch(b->topic, (int32_t)(b->sent / BATCH % b->partitions), 0, messages, BATCH);
    b->sent += took;
}

/* The same with the three headers of the contract, which only the call a message can carry. */
static void send_with_headers(struct bench *b)
{
    for (int i = 0; i < BATCH; i++) {
        size_t at = (size_t)b->sent % b->value_count;
        rd_kafka_headers_t *headers = rd_kafka_headers_new(3);
        rd_kafka_header_add(headers, "content-type", 12, "application/protobuf", 20);
        rd_kafka_header_add(headers, "class_uid", 9, "3002", 4);
        rd_kafka_header_add(headers, "tenant_uid", 10, "tenant", 6);
        rd_kafka_resp_err_t rc = rd_kafka_producev(
            b->rk, RD_KAFKA_V_RKT(b->topic), RD_KAFKA_V_PARTITION((int32_t)(b->sent / BATCH % b->partitions)),
            RD_KAFKA_V_VALUE(b->values[at], b->lens[at]), RD_KAFKA_V_KEY("tenant/host-1", 13),
            RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_END);
        if (rc != RD_KAFKA_RESP_ERR_NO_ERROR) {
            rd_kafka_headers_destroy(headers);
            return;
        }
        b->sent++;
    }
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

int main(int argc, char **argv)
{
    if (argc < 6) {
        fputs("usage: bench-producer BROKERS TOPIC PARTITIONS EVENTS BYTES|FILE [--headers]\n", stderr);
        return 64;
    }
    static struct bench b;
    b.partitions = atoi(argv[3]);
    b.with_headers = argc > 6;
    long events = atol(argv[4]);
    char *rest;
    unsigned long bytes = strtoul(argv[5], &rest, 10);
    if (b.partitions < 1 || events < 1 || (*rest == '\0' && (bytes < 1 || bytes > VALUE_MAX_BYTES)))
        die("arguments", "out of range");
    if (*rest == '\0')
        make_values(&b, bytes);
    else
        read_values(&b, argv[5]);
    open_producer(&b, argv[1], argv[2]);
    double began = seconds();
    while (b.delivered < events) {
        if (b.sent < events && b.sent - b.delivered < IN_FLIGHT_MAX) {
            (b.with_headers ? send_with_headers : send_batch)(&b);
            drain(&b, 0);
        } else {
            drain(&b, 10);
        }
    }
    double took = seconds() - began;
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    double cpu = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                 (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
    printf("events %ld seconds %.3f rate %.0f/s cpu_s_per_million %.3f rss_mb %.0f failed %ld\n", b.delivered,
           took, (double)b.delivered / took, cpu / (double)b.delivered * 1e6, (double)usage.ru_maxrss / 1024,
           b.failed);
    rd_kafka_topic_destroy(b.topic);
    rd_kafka_queue_destroy(b.queue);
    rd_kafka_destroy(b.rk);
    return b.failed == 0 ? 0 : 1;
}
