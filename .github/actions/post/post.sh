#!/usr/bin/env bash
# Keeps one comment, or one issue, at the newest report. Needs gh and jq, which runners have.
#
# REPORT        the Markdown; its first line is `<!-- rosterctl:WHAT TARGET digest sha256:… -->`
# PULL_REQUEST  the number of the pull request to comment on; empty: an issue
# TARGET        the target whose plan this is; without a report the comment says that the plan failed
# COMMIT        the commit that the report is of; the comment names it
# TITLE         the title of the issue
# CLOSE         true: close the issue rather than open one
# AUTHOR        whose comment or issue it is
set -euo pipefail

fail() {
  printf '::error title=rosterctl::%s\n' "$1"
  exit 1
}

[[ $PULL_REQUEST =~ ^[0-9]*$ ]] || fail "pull-request must be a number"
case $CLOSE in true | false) ;; *) fail "close must be true or false" ;; esac
[[ $COMMIT =~ ^([0-9a-f]{7,64})?$ ]] || fail "commit must be the id of a commit"
[[ $TARGET =~ ^([A-Za-z0-9][A-Za-z0-9._:-]*)?$ ]] || fail "target must be the name of a target of rosterctl"
[[ $TARGET != *--* ]] || fail "target must not hold two hyphens in a row"
run="$GITHUB_SERVER_URL/$GITHUB_REPOSITORY/actions/runs/$GITHUB_RUN_ID"
body=$REPORT
if [ ! -s "$REPORT" ]; then
  # Else the comment of an older commit would pass for the plan of this one.
  if [ -z "$PULL_REQUEST" ] || [ -z "$TARGET" ]; then
    fail "there is no report in the file that was named; the step that writes it failed"
  fi
  body=$(mktemp "$RUNNER_TEMP/post.XXXXXX")
  {
    printf '<!-- rosterctl:plan %s digest none -->\n### Plan for %s\n\n' "$TARGET" "\`$TARGET\`"
    printf '**The plan%s failed**, so nobody knows what it would change: see [the run](%s).\n' "${COMMIT:+ of $COMMIT}" "$run"
  } >"$body"
elif [ -n "$COMMIT" ]; then
  body=$(mktemp "$RUNNER_TEMP/post.XXXXXX")
  { cat "$REPORT"; printf '\nOf %s, made by [this run](%s).\n' "$COMMIT" "$run"; } >"$body"
fi
IFS= read -r first <"$body" || [ -n "$first" ]
# What stays the same from run to run: the digest does not.
marker=${first%% digest *}
marker=${marker%% -->*}
[[ $marker =~ ^'<!-- rosterctl:'[a-z]+' '[^\ ]+ ]] || fail "the first line of the report is not the marker of rosterctl"

# Ids of what was posted before, the oldest first. A page is a list; together they are several documents.
posted() {
  gh api --paginate "$1" | MARKER=$marker jq -r --arg author "$AUTHOR" --arg id "$2" '
    .[] | select(.user.login == $author and (has("pull_request") | not))
    | select((.body // "") | startswith($ENV.MARKER + " ")) | .[$id]' | sort -n
}

if [ -n "$PULL_REQUEST" ]; then
  found=$(posted "repos/$GITHUB_REPOSITORY/issues/$PULL_REQUEST/comments?per_page=100" id | head -n 1)
  if [ -n "$found" ]; then
    gh api --method PATCH "repos/$GITHUB_REPOSITORY/issues/comments/$found" -F body=@"$body" --jq .html_url
  else
    gh api --method POST "repos/$GITHUB_REPOSITORY/issues/$PULL_REQUEST/comments" -F body=@"$body" --jq .html_url
  fi
  exit 0
fi

found=$(posted "repos/$GITHUB_REPOSITORY/issues?state=open&per_page=100" number | head -n 1)
if [ "$CLOSE" = true ]; then
  [ -n "$found" ] || { echo "no issue is open, and none is needed"; exit 0; }
  gh api --method PATCH "repos/$GITHUB_REPOSITORY/issues/$found" -F body=@"$body" \
    -f state=closed -f state_reason=completed --jq .html_url
elif [ -n "$found" ]; then
  gh api --method PATCH "repos/$GITHUB_REPOSITORY/issues/$found" -F body=@"$body" -f title="$TITLE" --jq .html_url
else
  gh api --method POST "repos/$GITHUB_REPOSITORY/issues" -F body=@"$body" -f title="$TITLE" --jq .html_url
fi
