# Installs Python packages for the product, with compiled files that hold no time of day.   install.sh PIP-ARGUMENT...
set -eu
touch /tmp/began
/usr/local/bin/python -m pip --python /opt/reactor/bin/python install --quiet --no-compile --root-user-action=ignore \
    --disable-pip-version-check "$@"
# Some packages bring files for a newer Python, which can't be compiled and aren't imported.
find /opt/reactor/lib -name '*.py' -newer /tmp/began \
    | /opt/reactor/bin/python -m compileall -qq --invalidation-mode unchecked-hash -i - || true
rm /tmp/began
