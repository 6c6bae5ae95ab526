#!/usr/bin/env bash
# Build the Binder environment as repo2docker does (a fresh Python environment, requirements, postBuild in a clean checkout), then run
# lesson 00 in it under binder/start. Needs a network for the packages; takes a few minutes.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
export K8SLAB_HOME=$work/home
trap 'k8slab cluster delete >/dev/null 2>&1 || true; rm -rf "$work"' EXIT
git archive HEAD --prefix=repo/ | tar -x -C "$work"
python3 -m venv "$work/env"
export PATH="$work/env/bin:$PATH" VIRTUAL_ENV="$work/env" PIP_DISABLE_PIP_VERSION_CHECK=1
cd "$work/repo"
pip install --quiet --require-hashes -r binder/requirements.txt
./binder/postBuild
test -f course/00-welcome.ipynb
./binder/start jupyter nbconvert --to notebook --execute --allow-errors --output-dir "$work" --output ran course/00-welcome.ipynb
k8slab report "$work/ran.ipynb"
./binder/start kubectl get nodes
k8slab run 00
