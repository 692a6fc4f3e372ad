# SPDX-License-Identifier: MIT
# The rules of the source tree that no compiler checks; see docs/architecture.md and CONTRIBUTING.md.
#
#   cd TREE && find . -name '*.[ch]' | sed 's|^\./||' | sort | awk -f rules.awk
#
# Prints one violation a line: RULE<TAB>FILE:LINE<TAB>what is wrong. It reads text, not C: string
# literals and comments are blanked first, and that is enough for these rules.

BEGIN {
    # A layer sees itself and what its row names. The longest matching directory decides.
    sees["lib"] = "lib"
    sees["config"] = "lib config"
    sees["collectors"] = "lib config collectors"
    sees["snapshot"] = "lib snapshot"
    sees["daemon/model"] = "lib config collectors daemon/model"
    sees["daemon/scoring"] = sees["daemon/model"] " daemon/scoring"
    sees["daemon/alerting"] = sees["daemon/scoring"] " daemon/alerting"
    sees["daemon/exposition"] = sees["daemon/alerting"] " daemon/exposition"
    sees["daemon"] = sees["daemon/exposition"] " daemon"
    sees["tool"] = sees["daemon"] " snapshot tool"
    sees["tests"] = sees["tool"] " tests"
    sees["bench"] = sees["tests"] " bench"

    # Libraries with an owner: at most three files of the programs include one of them.
    split("uv.h microhttpd.h inotifytools/ yaml.h cJSON.h systemd/ curl/ wslay/ zlib.h gnutls/ crypt.h "  \
        "cap-ng.h seccomp.h", names, " ")
    for (i in names)
        owned[names[i]] = 1

    banned = "sprintf vsprintf strcpy strcat strncpy strncat strtok gets atoi atol atoll atof strtol " \
        "strtoul strtoll strtoull strtod strtof system popen alloca rand srand sscanf localtime " \
        "gmtime signal setlocale"
    count = split(banned, names, " ")
    banned_pattern = "(^|[^A-Za-z0-9_.>])(" names[1]
    for (i = 2; i <= count; i++)
        banned_pattern = banned_pattern "|" names[i]
    banned_pattern = banned_pattern ")[ \t]*\\("

    exit_pattern = "(^|[^A-Za-z0-9_.>])(_?exit|quick_exit)[ \t]*\\("
    # Clocks, files and sockets: what a pure module gets as arguments instead.
    impure_pattern = "(^|[^A-Za-z0-9_.>])(clock_gettime|gettimeofday|time|clock_[a-z_]+_ns|open|openat|" \
        "fopen|fdopen|read|pread|write|socket|connect|getenv|log_(debug|info|warn|warnx|error|errorx))[ \t]*\\("
}

FNR == 1 {
    file = FILENAME
    in_comment = 0
    layer = layer_of(file)
    is_test = layer == "tests" || layer == "bench"
    is_pure = file ~ /^(daemon\/(model|scoring)|snapshot)\// ||
        (file ~ /^daemon\/exposition\// && file !~ /\/(http|listen|serve)[^\/]*$/) ||
        file ~ /^collectors\/gclog\/(parse|gcecho|gchead|gcline|nvpline|factline|trace_events|stream|lines|attribute|isolate_clock|unwrap|walltime|compressed)[^\/]*$/ ||
        file ~ /^tool\/gc_filter[^\/]*$/
    if ($0 !~ /^\/[\/*] SPDX-License-Identifier: MIT/)
        report("header", "the first line is not the SPDX line")
    guard = "HEAPWATCH_" toupper(file)
    gsub(/[^A-Z0-9]/, "_", guard)
    has_guard = 0
    if (layer == "")
        report("layer", "no layer of the architecture has this directory")
}

{
    if (/[ \t]$/)
        report("format", "trailing blank")
    if (FNR == 501 && !is_test)
        report("length", "more than 500 lines")
    code = blank_out($0)
    # Tabs are indentation only, so they count the levels of nesting: a function body has one.
    if (!is_test && code ~ /^\t\t\t\t\t\t/)
        report("nesting", "more than 4 levels: " trim(code))
}

code ~ /^[ \t]*#[ \t]*include[ \t]*[<"]/ {
    path = $0
    sub(/^[^<"]*[<"]/, "", path)
    sub(/[>"].*$/, "", path)
    if ($0 ~ /^[ \t]*#[ \t]*include[ \t]*"/)
        check_project_include(path)
    else
        check_library_include(path)
    next
}

file ~ /\.h$/ && /^#ifndef HEAPWATCH_[A-Z0-9_]+_H$/ {
    if ($2 == guard || file ~ /^tests\//)
        has_guard = 1
    else
        report("header", "the guard is " $2 ", not " guard)
}

!is_test && code ~ banned_pattern && !(file == "lib/numbers.c" && code ~ /strtod[ \t]*\(/) {
    report("banned", "a banned function: " trim(code))
}

!is_test && code ~ exit_pattern && file !~ /(^|\/)main\.c$/ && layer != "tool" {
    report("banned", "exit() outside main.c: " trim(code))
}

is_pure && code ~ impure_pattern {
    report("pure", "a pure module reads a clock, a file, the environment or logs: " trim(code))
}

END {
    for (name in users)
        if (users[name] > 3)
            printf "owner\t%s:0\t%d files include it; give it an owner\n", name, users[name]
}

function report(rule, what)
{
    printf "%s\t%s:%d\t%s\n", rule, file, FNR, what
}

function trim(text)
{
    sub(/^[ \t]+/, "", text)
    return text
}

function layer_of(path, best, name)
{
    best = ""
    for (name in sees)
        if (index(path, name "/") == 1 && length(name) > length(best))
            best = name
    return best
}

function check_project_include(path, target, allowed, count, i)
{
    target = layer_of(path)
    if (target == "") {
        if (path !~ /^heapwatch-config\.h$/)
            report("layer", "\"" path "\" is not a path from the top of the tree")
        return
    }
    count = split(sees[layer], allowed, " ")
    for (i = 1; i <= count; i++)
        if (allowed[i] == target)
            return
    report("layer", (layer == "" ? file : layer) " must not see " target " (" path ")")
}

function check_library_include(path, name)
{
    if (is_test)
        return
    for (name in owned)
        if (index(path, name) == 1 && !((file, name) in seen)) {
            seen[file, name] = 1
            users[name]++
            if (is_pure && path !~ /^(cJSON|zlib)\.h$/) # these two only compute
                report("pure", "a pure module includes <" path ">")
        }
}

# The line without comments and without what is inside literals.
function blank_out(line, out, c, i, quote, n)
{
    out = ""
    quote = ""
    n = length(line)
    for (i = 1; i <= n; i++) {
        c = substr(line, i, 1)
        if (in_comment) {
            if (c == "*" && substr(line, i + 1, 1) == "/") {
                in_comment = 0
                i++
            }
        } else if (quote != "") {
            if (c == "\\")
                i++
            else if (c == quote) {
                quote = ""
                out = out c
            }
        } else if (c == "\"" || c == "'") {
            quote = c
            out = out c
        } else if (c == "/" && substr(line, i + 1, 1) == "*") {
            in_comment = 1
            i++
        } else if (c == "/" && substr(line, i + 1, 1) == "/") {
            break
        } else
            out = out c
    }
    return out
}
