#!/bin/sh
# Compiles the contracts and writes artifacts/ and the Go bindings. Needs node, npm and go.
set -eu
cd "$(dirname "$0")"
npm ci --no-audit --no-fund --ignore-scripts
node compile.js
(cd ../../internal/tools && go build -o ../../market/contracts/build/abigen github.com/ethereum/go-ethereum/cmd/abigen)
rm -rf ../bindings/*/
for abi in build/*.abi; do
	name=$(basename "$abi" .abi)
	pkg=$(printf %s "$name" | tr '[:upper:]' '[:lower:]')
	mkdir -p "../bindings/$pkg"
	build/abigen --v2 --abi "$abi" --bin "build/$name.bin" --pkg "$pkg" --type "$name" --out "../bindings/$pkg/$pkg.go"
done
