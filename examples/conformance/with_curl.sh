#!/bin/sh
# A client written in a few minutes with curl and jq, to see what it misses.
set -u
folder=$IDEOGRAM_OUTPUT_DIR
report() { printf '{"outcome": "%s", "status": %s, "image": %s}\n' "$1" "$2" "$3"; }
has() { printf '%s' "$IDEOGRAM_REQUEST" | jq -e "has(\"$1\")" >"$folder/has"; }
value() { printf '%s' "$IDEOGRAM_REQUEST" | jq -r ".$1"; }

set --
for name in text_prompt resolution rendering_speed enable_copyright_detection; do
    if has "$name"; then set -- "$@" -F "$name=$(value "$name")"; fi
done
if has json_prompt; then set -- "$@" -F "json_prompt=$(value json_prompt)"; fi

status=$(curl -s --max-time "$IDEOGRAM_TIMEOUT" -o "$folder/answer" -w '%{http_code}' -H "Api-Key: $IDEOGRAM_API_KEY" "$@" \
    "$IDEOGRAM_BASE_URL/v1/ideogram-v4/generate")
case $status in
200)
    url=$(jq -r '.data[0].url' "$folder/answer")
    curl -s --max-time "$IDEOGRAM_TIMEOUT" -o "$folder/image.png" "$url"
    report image 200 "\"$folder/image.png\""
    ;;
000) report unknown null null ;;
*) report refused "$status" null ;;
esac
