#!/bin/sh
# Checks and times the CUDA engine on this machine's card; see docs/benchmarks-gpu.md. Results
# go into the folder OUT, or beside this script. SMALL=1 rehearses, without a card too;
# ANYWAY=1 goes on after wrong numbers.
here=$(cd "$(dirname "$0")" && pwd) || exit 1
exec "$here/gpucheck" ${SMALL:+-small} ${ANYWAY:+-anyway} -o "${OUT:-$here/out}" -models "$here/models" run
