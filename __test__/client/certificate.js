'use strict';
// A self-signed certificate for localhost and its key, only for tests:
// openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 36500 -subj /CN=localhost

const key = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgp5l2x7ECPi6nHpYd
3s8Msoi7gbttyBmEWmwXXAHwrrehRANCAAQanNJtRNyIc95KByHm7GXOzKY5c5I7
bJm/bdpMP27Azes4fMKPNSTsQpRYgl0ZQ4iwjohrxtrxJJb5BH1S6sWo
-----END PRIVATE KEY-----
`;

const cert = `-----BEGIN CERTIFICATE-----
MIIBmzCCAUGgAwIBAgIUT9fSq1+MBkuBW2nQHECFr2WIOfUwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMTAwMjAzNloYDzIxMjYxMDI4
MDAyMDM2WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAQanNJtRNyIc95KByHm7GXOzKY5c5I7bJm/bdpMP27Azes4fMKPNSTs
QpRYgl0ZQ4iwjohrxtrxJJb5BH1S6sWoo28wbTAdBgNVHQ4EFgQUgmQHtg+qzEkr
f5dyYOPtXZ9nedkwHwYDVR0jBBgwFoAUgmQHtg+qzEkrf5dyYOPtXZ9nedkwDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDSAAwRQIhAJ4gcA4MwzrFIz7EvoE8/DgWDir1sksYcepbruEqIZgLAiA9
2v1GkcbAvHTxRiSkG2upvZqL/Yj+vm1ThPzd6fb7FQ==
-----END CERTIFICATE-----
`;

module.exports = { cert, key };
