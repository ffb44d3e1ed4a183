# Runs a program, and again at once where it has crashed after a good while: a container that is set up anew takes a
# third of a second longer. What ends sooner, or in order, is left to Docker, which waits longer each time.
#   again.sh SECONDS PROGRAM ARGUMENT...
stable_s=$1
shift
while :; do
    began=$(date +%s)
    trap - TERM # a copy of the shell that isn't the program yet would take the signal and forget it
    "$@" &
    child=$!
    trap 'stopping=1; kill -TERM "$child"' TERM
    wait "$child"
    status=$?
    if [ -n "$stopping" ]; then
        wait "$child" # again, for the signal interrupted it; 127: it didn't
        ended=$?
        [ "$ended" = 127 ] || status=$ended
        exit "$status"
    fi
    ran_s=$(($(date +%s) - began))
    if [ "$status" = 0 ] || [ "$ran_s" -lt "$stable_s" ]; then
        exit "$status"
    fi
    echo "It ended with status $status after $ran_s s, and is started again: $*" >&2
done
