# Makes sure that there is a Chromium for the browser tests, or says how to get one.
for name in "$CHROMIUM" chromium chromium-browser google-chrome; do
  if [ -n "$name" ] && command -v "$name" >/dev/null; then exit 0; fi
done
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  echo "installing chromium (once)"
  (apt-get update -qq && apt-get install -y -qq chromium) >/dev/null 2>&1 && exit 0
fi
echo "the browser tests need Chromium: apt-get install chromium, or set CHROMIUM to the path of one"
exit 2
