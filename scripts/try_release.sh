#!/usr/bin/env bash
# Build wheel and sdist twice (they must be equal), install the wheel in a fresh environment, and use it as a newcomer does.
# Needs a network for the packages; takes a few minutes.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
export K8SLAB_HOME=$work/home
trap 'k8slab cluster delete >/dev/null 2>&1 || true; rm -rf "$work"' EXIT
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH
python3 -m venv "$work/build"
"$work/build/bin/pip" install --quiet hatchling
for turn in 1 2; do
  git archive HEAD --prefix="repo$turn/" | tar -x -C "$work"
  (cd "$work/repo$turn" && "$work/build/bin/python" -m hatchling build -d "$work/dist$turn")
done
diff -r "$work/dist1" "$work/dist2" && echo "both builds are equal"
python3 -m venv "$work/lab"
export PATH="$work/lab/bin:$PATH" VIRTUAL_ENV="$work/lab" PIP_DISABLE_PIP_VERSION_CHECK=1
pip install --quiet "$work"/dist1/*.whl
cd "$work"
k8slab --version
k8slab lesson list
k8slab cluster start
KUBECONFIG=$(k8slab cluster kubeconfig) kubectl get nodes
k8slab run 00
