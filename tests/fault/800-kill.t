#!/bin/bash
# 200 times kill -9 under a write load: nothing acknowledged is lost, no revision given out twice,
# watches resume, the database is sound. SEED=n repeats a run's moments.
# timeout: 180
. "$(dirname "$0")/../lib/nutshell.bash"

mkdir -p "$T/kills"
python3 "$root/tests/lib/kills.py" "$NUTSHELL" "$T/kills" "${KILLS:-200}" > "$T/result"
status=$?
grep -v '^ok\|^not ok' "$T/result"
while IFS= read -r line; do
	case $line in
	'ok '*) ok "${line#* - }" ;;
	'not ok '*) not_ok "${line#* - }" ;;
	esac
done < "$T/result"
is "$status" 0 'the run came to its end'
is "$(sqlite3 "$T/kills/data/nutshell.db" 'PRAGMA integrity_check')" ok 'integrity_check'
is "$(sqlite3 "$T/kills/data/nutshell.db" 'SELECT count(*) - count(DISTINCT rev) FROM log')" 0 'one row per revision'
is "$(grep -cE 'runtime error:|(Address|Leak)Sanitizer' "$T/kills/log")" 0 'nothing from the sanitizers'
done_testing
