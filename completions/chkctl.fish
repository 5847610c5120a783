# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_chkctl_global_optspecs
    string join \n output= color= q/quiet v/verbose h/help V/version
end

function __fish_chkctl_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_chkctl_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_chkctl_using_subcommand
    set -l cmd (__fish_chkctl_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c chkctl -n "__fish_chkctl_needs_command" -l output -d 'How the report is written' -r -f -a "table\t'For a person'
json\t'One JSON document'
jsonl\t'One JSON record a line'"
complete -c chkctl -n "__fish_chkctl_needs_command" -l color -d 'When to use colour; NO_COLOR is respected' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c chkctl -n "__fish_chkctl_needs_command" -s q -l quiet -d 'No notes and warnings on stderr, only errors'
complete -c chkctl -n "__fish_chkctl_needs_command" -s v -l verbose -d 'Log what is done to stderr; twice for every request'
complete -c chkctl -n "__fish_chkctl_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c chkctl -n "__fish_chkctl_needs_command" -s V -l version -d 'Print version'
complete -c chkctl -n "__fish_chkctl_needs_command" -f -a "inspect" -d 'Shows what is in a checkpoint or savepoint, a job directory or a checkpoint root'
complete -c chkctl -n "__fish_chkctl_needs_command" -f -a "diff" -d 'Shows what changed between two checkpoints'
complete -c chkctl -n "__fish_chkctl_needs_command" -f -a "verify" -d 'Checks whether checkpoints are whole and undamaged'
complete -c chkctl -n "__fish_chkctl_needs_command" -f -a "latest" -d 'Prints the newest checkpoint or savepoint of a job that can be restored'
complete -c chkctl -n "__fish_chkctl_needs_command" -f -a "restore" -d 'Rebuilds local RocksDB databases from a checkpoint or savepoint'
complete -c chkctl -n "__fish_chkctl_needs_command" -f -a "stores" -d 'Lists the stores chkctl knows and where their configuration comes from'
complete -c chkctl -n "__fish_chkctl_needs_command" -f -a "schema" -d 'Prints the JSON Schema of what a command writes under --output json'
complete -c chkctl -n "__fish_chkctl_needs_command" -f -a "completions" -d 'Prints shell completions'
complete -c chkctl -n "__fish_chkctl_needs_command" -f -a "man" -d 'Prints the man page, of chkctl or of one command'
complete -c chkctl -n "__fish_chkctl_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c chkctl -n "__fish_chkctl_using_subcommand inspect" -l operator -d 'Only this operator: a uid, a name, an operator id, or a unique prefix of one. Of a checkpoint, with its subtasks and states' -r
complete -c chkctl -n "__fish_chkctl_using_subcommand inspect" -l sort -d 'List files in this order instead of that of their paths' -r -f -a "bytes\t'The largest first'
references\t'What most handles refer to first'
age\t'The oldest first'"
complete -c chkctl -n "__fish_chkctl_using_subcommand inspect" -l top -d 'List only the first N files; the largest unless --sort says otherwise' -r
complete -c chkctl -n "__fish_chkctl_using_subcommand inspect" -l also -d 'Of a job directory or root: also read the checkpoints of this LOCATION, which may refer to files here (repeatable)' -r
complete -c chkctl -n "__fish_chkctl_using_subcommand inspect" -l rebase -d 'Where the writer\'s paths are now: a directory and what it became (repeatable)' -r
complete -c chkctl -n "__fish_chkctl_using_subcommand inspect" -l entropy-key -d 'Marker of entropy injection in paths (Flink\'s s3.entropy.key)' -r
complete -c chkctl -n "__fish_chkctl_using_subcommand inspect" -l store-option -d 'Option of a store, such as endpoint or region, over what the environment says (repeatable)' -r
complete -c chkctl -n "__fish_chkctl_using_subcommand inspect" -l output -d 'How the report is written' -r -f -a "table\t'For a person'
json\t'One JSON document'
jsonl\t'One JSON record a line'"
complete -c chkctl -n "__fish_chkctl_using_subcommand inspect" -l color -d 'When to use colour; NO_COLOR is respected' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c chkctl -n "__fish_chkctl_using_subcommand inspect" -l files -d 'List every physical file and who refers to it'
complete -c chkctl -n "__fish_chkctl_using_subcommand inspect" -l history -d 'Of a job directory: show how its checkpoints share files, and how they grow'
complete -c chkctl -n "__fish_chkctl_using_subcommand inspect" -l states -d 'List the states of all operators with their types'
complete -c chkctl -n "__fish_chkctl_using_subcommand inspect" -l sst -d 'Of a checkpoint: ask its SSTs how much they hold of each state, in at most two small reads of each'
complete -c chkctl -n "__fish_chkctl_using_subcommand inspect" -l isolated -d 'Of a job directory: do not read other jobs of its root. What they refer to here then counts as unreferenced'
complete -c chkctl -n "__fish_chkctl_using_subcommand inspect" -s q -l quiet -d 'No notes and warnings on stderr, only errors'
complete -c chkctl -n "__fish_chkctl_using_subcommand inspect" -s v -l verbose -d 'Log what is done to stderr; twice for every request'
complete -c chkctl -n "__fish_chkctl_using_subcommand inspect" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c chkctl -n "__fish_chkctl_using_subcommand diff" -l operator -d 'Only this operator, with its subtasks: a uid, a name, an operator id, or a unique prefix of one' -r
complete -c chkctl -n "__fish_chkctl_using_subcommand diff" -l max-growth -d 'Exit with 3 if the full size (state_bytes) grew by more than this part, such as 20%' -r
complete -c chkctl -n "__fish_chkctl_using_subcommand diff" -l rebase -d 'Where the writer\'s paths are now: a directory and what it became (repeatable)' -r
complete -c chkctl -n "__fish_chkctl_using_subcommand diff" -l entropy-key -d 'Marker of entropy injection in paths (Flink\'s s3.entropy.key)' -r
complete -c chkctl -n "__fish_chkctl_using_subcommand diff" -l store-option -d 'Option of a store, such as endpoint or region, over what the environment says (repeatable)' -r
complete -c chkctl -n "__fish_chkctl_using_subcommand diff" -l output -d 'How the report is written' -r -f -a "table\t'For a person'
json\t'One JSON document'
jsonl\t'One JSON record a line'"
complete -c chkctl -n "__fish_chkctl_using_subcommand diff" -l color -d 'When to use colour; NO_COLOR is respected' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c chkctl -n "__fish_chkctl_using_subcommand diff" -l files -d 'List every file that was kept, added or dropped (JSON always does)'
complete -c chkctl -n "__fish_chkctl_using_subcommand diff" -l exit-code -d 'Exit with 3 if anything differs'
complete -c chkctl -n "__fish_chkctl_using_subcommand diff" -s q -l quiet -d 'No notes and warnings on stderr, only errors'
complete -c chkctl -n "__fish_chkctl_using_subcommand diff" -s v -l verbose -d 'Log what is done to stderr; twice for every request'
complete -c chkctl -n "__fish_chkctl_using_subcommand diff" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c chkctl -n "__fish_chkctl_using_subcommand verify" -l level -d 'How deep to look' -r -f -a "exists\t'Every file is there'
size\t'Every file has the size its handle says'
footer\t'Footers, properties and MANIFESTs'
blocks\t'Every block and every byte'
open\t'RocksDB opens every database'"
complete -c chkctl -n "__fish_chkctl_using_subcommand verify" -l sample -d 'Look only into this part of the files, such as 5%; existence and sizes are checked of all' -r
complete -c chkctl -n "__fish_chkctl_using_subcommand verify" -l also -d 'Also ask the store of this LOCATION for files that the metadata says are there (repeatable)' -r
complete -c chkctl -n "__fish_chkctl_using_subcommand verify" -l max-duration -d 'End after this long, such as 90s, 10m or 2h; what was not looked at then is unknown' -r
complete -c chkctl -n "__fish_chkctl_using_subcommand verify" -l concurrency -d 'Files that are read at a time [default: the processors here, at least 8 in an object store]' -r
complete -c chkctl -n "__fish_chkctl_using_subcommand verify" -l memory -d 'Memory for what is read, such as 256MiB' -r
complete -c chkctl -n "__fish_chkctl_using_subcommand verify" -l scratch -d 'Where databases are put together for --level open, a few at a time; a directory in it is made and removed [default: the system\'s directory for temporary files]' -r -F
complete -c chkctl -n "__fish_chkctl_using_subcommand verify" -l rebase -d 'Where the writer\'s paths are now: a directory and what it became (repeatable)' -r
complete -c chkctl -n "__fish_chkctl_using_subcommand verify" -l entropy-key -d 'Marker of entropy injection in paths (Flink\'s s3.entropy.key)' -r
complete -c chkctl -n "__fish_chkctl_using_subcommand verify" -l store-option -d 'Option of a store, such as endpoint or region, over what the environment says (repeatable)' -r
complete -c chkctl -n "__fish_chkctl_using_subcommand verify" -l output -d 'How the report is written' -r -f -a "table\t'For a person'
json\t'One JSON document'
jsonl\t'One JSON record a line'"
complete -c chkctl -n "__fish_chkctl_using_subcommand verify" -l color -d 'When to use colour; NO_COLOR is respected' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c chkctl -n "__fish_chkctl_using_subcommand verify" -s q -l quiet -d 'No notes and warnings on stderr, only errors'
complete -c chkctl -n "__fish_chkctl_using_subcommand verify" -s v -l verbose -d 'Log what is done to stderr; twice for every request'
complete -c chkctl -n "__fish_chkctl_using_subcommand verify" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c chkctl -n "__fish_chkctl_using_subcommand latest" -l level -d 'How deep to look before one is called restorable' -r -f -a "exists\t'Every file is there'
size\t'Every file has the size its handle says'
footer\t'Footers, properties and MANIFESTs'
blocks\t'Every block and every byte'
open\t'RocksDB opens every database'"
complete -c chkctl -n "__fish_chkctl_using_subcommand latest" -l kind -d 'Only snapshots of this kind' -r -f -a "checkpoint\t'Taken by the job for its own recovery'
savepoint\t'Taken for a user'"
complete -c chkctl -n "__fish_chkctl_using_subcommand latest" -l also -d 'Also ask the store of this LOCATION for files that the metadata says are there (repeatable)' -r
complete -c chkctl -n "__fish_chkctl_using_subcommand latest" -l max-duration -d 'End after this long, such as 90s, 10m or 2h; what was not looked at then is unknown' -r
complete -c chkctl -n "__fish_chkctl_using_subcommand latest" -l concurrency -d 'Files that are read at a time [default: the processors here, at least 8 in an object store]' -r
complete -c chkctl -n "__fish_chkctl_using_subcommand latest" -l memory -d 'Memory for what is read, such as 256MiB' -r
complete -c chkctl -n "__fish_chkctl_using_subcommand latest" -l scratch -d 'Where databases are put together for --level open, a few at a time; a directory in it is made and removed [default: the system\'s directory for temporary files]' -r -F
complete -c chkctl -n "__fish_chkctl_using_subcommand latest" -l rebase -d 'Where the writer\'s paths are now: a directory and what it became (repeatable)' -r
complete -c chkctl -n "__fish_chkctl_using_subcommand latest" -l entropy-key -d 'Marker of entropy injection in paths (Flink\'s s3.entropy.key)' -r
complete -c chkctl -n "__fish_chkctl_using_subcommand latest" -l store-option -d 'Option of a store, such as endpoint or region, over what the environment says (repeatable)' -r
complete -c chkctl -n "__fish_chkctl_using_subcommand latest" -l output -d 'How the report is written' -r -f -a "table\t'For a person'
json\t'One JSON document'
jsonl\t'One JSON record a line'"
complete -c chkctl -n "__fish_chkctl_using_subcommand latest" -l color -d 'When to use colour; NO_COLOR is respected' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c chkctl -n "__fish_chkctl_using_subcommand latest" -s q -l quiet -d 'No notes and warnings on stderr, only errors'
complete -c chkctl -n "__fish_chkctl_using_subcommand latest" -s v -l verbose -d 'Log what is done to stderr; twice for every request'
complete -c chkctl -n "__fish_chkctl_using_subcommand latest" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c chkctl -n "__fish_chkctl_using_subcommand restore" -l operator -d 'Only this operator: a uid, a name, an operator id, or a unique prefix of one' -r
complete -c chkctl -n "__fish_chkctl_using_subcommand restore" -l subtask -d 'Only this subtask of the operator' -r
complete -c chkctl -n "__fish_chkctl_using_subcommand restore" -l key-group -d 'Only the subtask that owns this key group' -r
complete -c chkctl -n "__fish_chkctl_using_subcommand restore" -l key-groups -d 'Keep only rows of these key groups, such as 0-31; they are written anew' -r
complete -c chkctl -n "__fish_chkctl_using_subcommand restore" -l also -d 'Also ask the store of this LOCATION for files that the metadata says are there (repeatable)' -r
complete -c chkctl -n "__fish_chkctl_using_subcommand restore" -l concurrency -d 'Files that are fetched at a time [default: the processors here, at least 8]' -r
complete -c chkctl -n "__fish_chkctl_using_subcommand restore" -l rebase -d 'Where the writer\'s paths are now: a directory and what it became (repeatable)' -r
complete -c chkctl -n "__fish_chkctl_using_subcommand restore" -l entropy-key -d 'Marker of entropy injection in paths (Flink\'s s3.entropy.key)' -r
complete -c chkctl -n "__fish_chkctl_using_subcommand restore" -l store-option -d 'Option of a store, such as endpoint or region, over what the environment says (repeatable)' -r
complete -c chkctl -n "__fish_chkctl_using_subcommand restore" -l output -d 'How the report is written' -r -f -a "table\t'For a person'
json\t'One JSON document'
jsonl\t'One JSON record a line'"
complete -c chkctl -n "__fish_chkctl_using_subcommand restore" -l color -d 'When to use colour; NO_COLOR is respected' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c chkctl -n "__fish_chkctl_using_subcommand restore" -l all -d 'Every subtask of every operator, or of the one that --operator names'
complete -c chkctl -n "__fish_chkctl_using_subcommand restore" -l merge -d 'One database from all subtasks of an operator, each row once; its rows are written anew'
complete -c chkctl -n "__fish_chkctl_using_subcommand restore" -l link -d 'Hard-link tables that lie on the same file system instead of copying them'
complete -c chkctl -n "__fish_chkctl_using_subcommand restore" -l force -d 'Replace what an earlier restore made in DIR, and nothing else'
complete -c chkctl -n "__fish_chkctl_using_subcommand restore" -l no-checksums -d 'Check only lengths, not the checksums of blocks'
complete -c chkctl -n "__fish_chkctl_using_subcommand restore" -l count -d 'Count the entries of every column family instead of estimating them'
complete -c chkctl -n "__fish_chkctl_using_subcommand restore" -s q -l quiet -d 'No notes and warnings on stderr, only errors'
complete -c chkctl -n "__fish_chkctl_using_subcommand restore" -s v -l verbose -d 'Log what is done to stderr; twice for every request'
complete -c chkctl -n "__fish_chkctl_using_subcommand restore" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c chkctl -n "__fish_chkctl_using_subcommand stores" -l output -d 'How the report is written' -r -f -a "table\t'For a person'
json\t'One JSON document'
jsonl\t'One JSON record a line'"
complete -c chkctl -n "__fish_chkctl_using_subcommand stores" -l color -d 'When to use colour; NO_COLOR is respected' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c chkctl -n "__fish_chkctl_using_subcommand stores" -s q -l quiet -d 'No notes and warnings on stderr, only errors'
complete -c chkctl -n "__fish_chkctl_using_subcommand stores" -s v -l verbose -d 'Log what is done to stderr; twice for every request'
complete -c chkctl -n "__fish_chkctl_using_subcommand stores" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c chkctl -n "__fish_chkctl_using_subcommand schema" -l output -d 'How the report is written' -r -f -a "table\t'For a person'
json\t'One JSON document'
jsonl\t'One JSON record a line'"
complete -c chkctl -n "__fish_chkctl_using_subcommand schema" -l color -d 'When to use colour; NO_COLOR is respected' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c chkctl -n "__fish_chkctl_using_subcommand schema" -s q -l quiet -d 'No notes and warnings on stderr, only errors'
complete -c chkctl -n "__fish_chkctl_using_subcommand schema" -s v -l verbose -d 'Log what is done to stderr; twice for every request'
complete -c chkctl -n "__fish_chkctl_using_subcommand schema" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c chkctl -n "__fish_chkctl_using_subcommand completions" -l output -d 'How the report is written' -r -f -a "table\t'For a person'
json\t'One JSON document'
jsonl\t'One JSON record a line'"
complete -c chkctl -n "__fish_chkctl_using_subcommand completions" -l color -d 'When to use colour; NO_COLOR is respected' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c chkctl -n "__fish_chkctl_using_subcommand completions" -s q -l quiet -d 'No notes and warnings on stderr, only errors'
complete -c chkctl -n "__fish_chkctl_using_subcommand completions" -s v -l verbose -d 'Log what is done to stderr; twice for every request'
complete -c chkctl -n "__fish_chkctl_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c chkctl -n "__fish_chkctl_using_subcommand man" -l dir -d 'Write all pages into this directory instead' -r -F
complete -c chkctl -n "__fish_chkctl_using_subcommand man" -l output -d 'How the report is written' -r -f -a "table\t'For a person'
json\t'One JSON document'
jsonl\t'One JSON record a line'"
complete -c chkctl -n "__fish_chkctl_using_subcommand man" -l color -d 'When to use colour; NO_COLOR is respected' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c chkctl -n "__fish_chkctl_using_subcommand man" -s q -l quiet -d 'No notes and warnings on stderr, only errors'
complete -c chkctl -n "__fish_chkctl_using_subcommand man" -s v -l verbose -d 'Log what is done to stderr; twice for every request'
complete -c chkctl -n "__fish_chkctl_using_subcommand man" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c chkctl -n "__fish_chkctl_using_subcommand help; and not __fish_seen_subcommand_from inspect diff verify latest restore stores schema completions man help" -f -a "inspect" -d 'Shows what is in a checkpoint or savepoint, a job directory or a checkpoint root'
complete -c chkctl -n "__fish_chkctl_using_subcommand help; and not __fish_seen_subcommand_from inspect diff verify latest restore stores schema completions man help" -f -a "diff" -d 'Shows what changed between two checkpoints'
complete -c chkctl -n "__fish_chkctl_using_subcommand help; and not __fish_seen_subcommand_from inspect diff verify latest restore stores schema completions man help" -f -a "verify" -d 'Checks whether checkpoints are whole and undamaged'
complete -c chkctl -n "__fish_chkctl_using_subcommand help; and not __fish_seen_subcommand_from inspect diff verify latest restore stores schema completions man help" -f -a "latest" -d 'Prints the newest checkpoint or savepoint of a job that can be restored'
complete -c chkctl -n "__fish_chkctl_using_subcommand help; and not __fish_seen_subcommand_from inspect diff verify latest restore stores schema completions man help" -f -a "restore" -d 'Rebuilds local RocksDB databases from a checkpoint or savepoint'
complete -c chkctl -n "__fish_chkctl_using_subcommand help; and not __fish_seen_subcommand_from inspect diff verify latest restore stores schema completions man help" -f -a "stores" -d 'Lists the stores chkctl knows and where their configuration comes from'
complete -c chkctl -n "__fish_chkctl_using_subcommand help; and not __fish_seen_subcommand_from inspect diff verify latest restore stores schema completions man help" -f -a "schema" -d 'Prints the JSON Schema of what a command writes under --output json'
complete -c chkctl -n "__fish_chkctl_using_subcommand help; and not __fish_seen_subcommand_from inspect diff verify latest restore stores schema completions man help" -f -a "completions" -d 'Prints shell completions'
complete -c chkctl -n "__fish_chkctl_using_subcommand help; and not __fish_seen_subcommand_from inspect diff verify latest restore stores schema completions man help" -f -a "man" -d 'Prints the man page, of chkctl or of one command'
complete -c chkctl -n "__fish_chkctl_using_subcommand help; and not __fish_seen_subcommand_from inspect diff verify latest restore stores schema completions man help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
