#!/usr/bin/env bash
# Build the documentation site into site/ (or the folder given), without network; a warning is an error.
set -euo pipefail
cd "$(dirname "$0")/.."
exec env NO_MKDOCS_2_WARNING=1 python -m mkdocs build --strict --quiet --site-dir "${1:-site}"
