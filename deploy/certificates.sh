#!/bin/sh
# certificates.sh FOLDER: an authority, a certificate for each part of a Dask cluster, and Dask's
# settings that name them. Whoever has a key of this folder can run code on all workers.
set -eu
[ $# -eq 1 ] || { echo "usage: $0 FOLDER" >&2; exit 2; }
umask 077
mkdir -p "$1"
folder=$(cd "$1" && pwd)
cd "$folder"
quoted=$(printf %s "$folder" | sed "s/'/''/g") # as YAML has an apostrophe
[ ! -e ca.pem ] || { echo "$folder has certificates: choose another folder" >&2; exit 1; }

openssl req -x509 -newkey rsa:3072 -nodes -days 365 -subj "/CN=grading cluster" \
  -keyout ca-key.pem -out ca.pem 2>/dev/null
printf 'distributed:\n  comm:\n    require-encryption: true\n    tls:\n' > dask.yaml
echo "      ca-file: '$quoted/ca.pem'" >> dask.yaml
for part in scheduler worker client; do
  openssl req -newkey rsa:3072 -nodes -subj "/CN=$part" -keyout "$part-key.pem" -out "$part.csr" 2>/dev/null
  openssl x509 -req -in "$part.csr" -CA ca.pem -CAkey ca-key.pem -CAcreateserial -days 365 \
    -out "$part.pem" 2>/dev/null
  rm "$part.csr"
  printf "      %s: {cert: '%s', key: '%s'}\n" \
    "$part" "$quoted/$part.pem" "$quoted/$part-key.pem" >> dask.yaml
done
echo "$folder/dask.yaml names the certificates; they are good for a year."
