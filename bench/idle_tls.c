/* What an idle connection costs: opens N connections from memory to memory, drops the clients, and reports
 * the heap that each server side keeps. Usage: idle-tls DIR [N], DIR made by `vedette identity` with an agent
 * "t-a" and a collector "c". */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#include <vedette/buffer.h>
#include <vedette/stream.h>
#include <vedette/tls.h>

struct side {
    struct vd_tls *tls;
    struct vd_buffer out;
};

static int on_plain(void *arg, struct vd_bytes plain)
{
    (void)arg, (void)plain;
    return 0;
}

static int on_cipher(void *arg, struct vd_bytes cipher)
{
    struct side *side = arg;
    return vd_buffer_append(&side->out, cipher.data, cipher.len);
}

static struct vd_tls_context *context(const char *dir, const char *stem, bool server)
{
    char certificate[512], key[512], ca[512], error[VD_TLS_ERROR_BYTES];
    snprintf(certificate, sizeof certificate, "%s/%s.pem", dir, stem);
    snprintf(key, sizeof key, "%s/%s.key", dir, stem);
    snprintf(ca, sizeof ca, "%s/ca.pem", dir);
    struct vd_tls_context *made;
    struct vd_tls_options options = {
        .certificate = certificate, .key = key, .ca = ca, .trust_domain = "vedette.test", .server = server};
    if (vd_tls_context_new(&made, &options, error) != 0) {
        fprintf(stderr, "idle-tls: %s\n", error);
        exit(1);
    }
    return made;
}

static void side_init(struct side *side, struct vd_tls_context *context)
{
    vd_buffer_init(&side->out, 1 << 20);
    struct vd_tls_sink sink = {.arg = side, .plain = on_plain, .cipher = on_cipher};
    if (vd_tls_new(&side->tls, context, sink) != 0)
        abort();
}

static void pass(struct side *from, struct side *to)
{
    if (vd_tls_receive(to->tls, vd_buffer_bytes(&from->out)) != 0)
        abort();
    vd_buffer_deinit(&from->out);
}

/* A connection that has shaken hands and said a word each way. */
static void open_one(struct side *server, struct vd_tls_context *ours, struct vd_tls_context *theirs)
{
    struct side client;
    side_init(server, ours);
    side_init(&client, theirs);
    vd_tls_start(client.tls);
    pass(&client, server);
    pass(server, &client);
    pass(&client, server);
    vd_tls_send(client.tls, vd_bytes_str("hello"));
    vd_tls_send(server->tls, vd_bytes_str("welcome"));
    pass(&client, server);
    pass(server, &client);
    vd_tls_free(client.tls);
    vd_buffer_deinit(&client.out);
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fprintf(stderr, "usage: idle-tls DIR [CONNECTIONS]\n");
        return 64;
    }
    size_t count = argc > 2 ? strtoul(argv[2], NULL, 10) : 500;
    struct vd_tls_context *ours = context(argv[1], "collector-c", true);
    struct vd_tls_context *theirs = context(argv[1], "agent-t-a", false);
    struct side *servers = calloc(count, sizeof *servers);
    if (servers == NULL || count == 0)
        return 1;
    open_one(&servers[0], ours, theirs); /* what the library allocates once does not count */
    size_t before = mallinfo2().uordblks;
    for (size_t i = 1; i < count; i++)
        open_one(&servers[i], ours, theirs);
    size_t after = mallinfo2().uordblks;
    size_t tls_bytes = count > 1 ? (after - before) / (count - 1) : 0;
    printf("idle_tls connections=%zu tls_heap_bytes=%zu stream_struct_bytes=%zu total_bytes=%zu\n", count,
           tls_bytes, sizeof(struct vd_stream), tls_bytes + sizeof(struct vd_stream));
    for (size_t i = 0; i < count; i++)
        vd_tls_free(servers[i].tls);
    free(servers);
    vd_tls_context_unref(ours);
    vd_tls_context_unref(theirs);
    return 0;
}
