#!/usr/bin/env bash
# Certificates with keys in the forms that cert-manager and older tools write; valid for a century.
set -euo pipefail
cd "$(dirname "$0")"
openssl genrsa -traditional -out rsa-pkcs1.key 2048
openssl req -x509 -key rsa-pkcs1.key -out rsa-pkcs1.pem -days 36500 -subj /CN=localhost
openssl rsa -aes128 -passout pass:secret -traditional -in rsa-pkcs1.key -out rsa-encrypted.key
openssl ecparam -name prime256v1 -genkey -out ec-sec1.key
openssl req -x509 -key ec-sec1.key -out ec-sec1.pem -days 36500 -subj /CN=localhost
