#!/bin/sh
# Protects each commit at the node that `shiyin login` signed in to. Put into .git/hooks/post-commit and
# make it executable. What an application says of the work stands in .git/shiyin.toml: type, stage,
# published, declaration; see `shiyin protect --list`. Commits of one repository are records of one work, which
# its configuration remembers (`shiyin.work`). Where records cost something, `git config shiyin.costMax 12.50` says
# how much one commit may cost; without it, nothing. A commit is never held up: what fails is told, and
# `shiyin protect --git COMMIT` makes up for it later.
folder=$(git rev-parse --git-common-dir) || exit 0
commit=$(git rev-parse --verify HEAD) || exit 0
most=$(git config --get shiyin.costMax) || most=0
mkdir -p "$folder/shiyin" || exit 0
(
    if ! shiyin protect --git "$commit" --file "$folder/shiyin.toml" --out "$folder/shiyin" \
        --cost-max "$most" \
        >>"$folder/shiyin/log" 2>&1; then
        echo "$commit" >>"$folder/shiyin/missed"
    fi
) </dev/null >/dev/null 2>&1 &
exit 0
