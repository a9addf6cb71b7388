/* Replies per CPU second of OpenSSL's own time stamp responder, called in-process:
   no HTTP, no process start. Usage: openssl_ts KEY.pem CERT.pem CHAIN.pem REQUEST.tsq COUNT */
#include <openssl/bn.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ts.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static ASN1_INTEGER *serial(TS_RESP_CTX *ctx, void *data) {
    (void)ctx;
    (void)data;
    BIGNUM *n = BN_new();
    BN_rand(n, 126, 0, 0);
    ASN1_INTEGER *number = BN_to_ASN1_INTEGER(n, NULL);
    BN_free(n);
    return number;
}

int main(int argc, char **argv) {
    if (argc != 6) return 2;
    FILE *f = fopen(argv[1], "r");
    EVP_PKEY *key = f ? PEM_read_PrivateKey(f, NULL, NULL, NULL) : NULL;
    f = fopen(argv[2], "r");
    X509 *cert = f ? PEM_read_X509(f, NULL, NULL, NULL) : NULL;
    STACK_OF(X509) *chain = sk_X509_new_null();
    f = fopen(argv[3], "r");
    for (X509 *c; f && (c = PEM_read_X509(f, NULL, NULL, NULL));) sk_X509_push(chain, c);
    unsigned char request[8192];
    f = fopen(argv[4], "rb");
    size_t length = f ? fread(request, 1, sizeof request, f) : 0;
    if (!key || !cert || !length) return 1;
    TS_RESP_CTX *ctx = TS_RESP_CTX_new();
    TS_RESP_CTX_set_signer_cert(ctx, cert);
    TS_RESP_CTX_set_signer_key(ctx, key);
    TS_RESP_CTX_set_certs(ctx, chain);
    TS_RESP_CTX_set_signer_digest(ctx, EVP_sha256());
    TS_RESP_CTX_set_ess_cert_id_digest(ctx, EVP_sha256());
    TS_RESP_CTX_set_def_policy(ctx, OBJ_txt2obj("2.999.1", 1));
    TS_RESP_CTX_add_md(ctx, EVP_sha256());
    TS_RESP_CTX_set_serial_cb(ctx, serial, NULL);
    long count = atol(argv[5]);
    clock_t start = clock();
    for (long i = 0; i < count; i++) {
        BIO *in = BIO_new_mem_buf(request, (int)length);
        TS_RESP *reply = TS_RESP_create_response(ctx, in);
        unsigned char *der = NULL;
        int size = i2d_TS_RESP(reply, &der);
        if (size < 500) return 1;
        OPENSSL_free(der);
        TS_RESP_free(reply);
        BIO_free(in);
    }
    printf("%f\n", (double)(clock() - start) / CLOCKS_PER_SEC);
    return 0;
}
