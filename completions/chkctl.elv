
use builtin;
use str;

set edit:completion:arg-completer[chkctl] = {|@words|
    fn spaces {|n|
        builtin:repeat $n ' ' | str:join ''
    }
    fn cand {|text desc|
        edit:complex-candidate $text &display=$text' '(spaces (- 14 (wcswidth $text)))$desc
    }
    var command = 'chkctl'
    for word $words[1..-1] {
        if (str:has-prefix $word '-') {
            break
        }
        set command = $command';'$word
    }
    var completions = [
        &'chkctl'= {
            cand --output 'How the report is written'
            cand --color 'When to use colour; NO_COLOR is respected'
            cand -q 'No notes and warnings on stderr, only errors'
            cand --quiet 'No notes and warnings on stderr, only errors'
            cand -v 'Log what is done to stderr; twice for every request'
            cand --verbose 'Log what is done to stderr; twice for every request'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
            cand inspect 'Shows what is in a checkpoint or savepoint, a job directory or a checkpoint root'
            cand diff 'Shows what changed between two checkpoints'
            cand verify 'Checks whether checkpoints are whole and undamaged'
            cand latest 'Prints the newest checkpoint or savepoint of a job that can be restored'
            cand restore 'Rebuilds local RocksDB databases from a checkpoint or savepoint'
            cand stores 'Lists the stores chkctl knows and where their configuration comes from'
            cand schema 'Prints the JSON Schema of what a command writes under --output json'
            cand completions 'Prints shell completions'
            cand man 'Prints the man page, of chkctl or of one command'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'chkctl;inspect'= {
            cand --operator 'Only this operator: a uid, a name, an operator id, or a unique prefix of one. Of a checkpoint, with its subtasks and states'
            cand --sort 'List files in this order instead of that of their paths'
            cand --top 'List only the first N files; the largest unless --sort says otherwise'
            cand --also 'Of a job directory or root: also read the checkpoints of this LOCATION, which may refer to files here (repeatable)'
            cand --rebase 'Where the writer''s paths are now: a directory and what it became (repeatable)'
            cand --entropy-key 'Marker of entropy injection in paths (Flink''s s3.entropy.key)'
            cand --store-option 'Option of a store, such as endpoint or region, over what the environment says (repeatable)'
            cand --output 'How the report is written'
            cand --color 'When to use colour; NO_COLOR is respected'
            cand --files 'List every physical file and who refers to it'
            cand --history 'Of a job directory: show how its checkpoints share files, and how they grow'
            cand --states 'List the states of all operators with their types'
            cand --sst 'Of a checkpoint: ask its SSTs how much they hold of each state, in at most two small reads of each'
            cand --isolated 'Of a job directory: do not read other jobs of its root. What they refer to here then counts as unreferenced'
            cand -q 'No notes and warnings on stderr, only errors'
            cand --quiet 'No notes and warnings on stderr, only errors'
            cand -v 'Log what is done to stderr; twice for every request'
            cand --verbose 'Log what is done to stderr; twice for every request'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'chkctl;diff'= {
            cand --operator 'Only this operator, with its subtasks: a uid, a name, an operator id, or a unique prefix of one'
            cand --max-growth 'Exit with 3 if the full size (state_bytes) grew by more than this part, such as 20%'
            cand --rebase 'Where the writer''s paths are now: a directory and what it became (repeatable)'
            cand --entropy-key 'Marker of entropy injection in paths (Flink''s s3.entropy.key)'
            cand --store-option 'Option of a store, such as endpoint or region, over what the environment says (repeatable)'
            cand --output 'How the report is written'
            cand --color 'When to use colour; NO_COLOR is respected'
            cand --files 'List every file that was kept, added or dropped (JSON always does)'
            cand --exit-code 'Exit with 3 if anything differs'
            cand -q 'No notes and warnings on stderr, only errors'
            cand --quiet 'No notes and warnings on stderr, only errors'
            cand -v 'Log what is done to stderr; twice for every request'
            cand --verbose 'Log what is done to stderr; twice for every request'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'chkctl;verify'= {
            cand --level 'How deep to look'
            cand --sample 'Look only into this part of the files, such as 5%; existence and sizes are checked of all'
            cand --also 'Also ask the store of this LOCATION for files that the metadata says are there (repeatable)'
            cand --max-duration 'End after this long, such as 90s, 10m or 2h; what was not looked at then is unknown'
            cand --concurrency 'Files that are read at a time [default: the processors here, at least 8 in an object store]'
            cand --memory 'Memory for what is read, such as 256MiB'
            cand --scratch 'Where databases are put together for --level open, a few at a time; a directory in it is made and removed [default: the system''s directory for temporary files]'
            cand --rebase 'Where the writer''s paths are now: a directory and what it became (repeatable)'
            cand --entropy-key 'Marker of entropy injection in paths (Flink''s s3.entropy.key)'
            cand --store-option 'Option of a store, such as endpoint or region, over what the environment says (repeatable)'
            cand --output 'How the report is written'
            cand --color 'When to use colour; NO_COLOR is respected'
            cand -q 'No notes and warnings on stderr, only errors'
            cand --quiet 'No notes and warnings on stderr, only errors'
            cand -v 'Log what is done to stderr; twice for every request'
            cand --verbose 'Log what is done to stderr; twice for every request'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'chkctl;latest'= {
            cand --level 'How deep to look before one is called restorable'
            cand --kind 'Only snapshots of this kind'
            cand --also 'Also ask the store of this LOCATION for files that the metadata says are there (repeatable)'
            cand --max-duration 'End after this long, such as 90s, 10m or 2h; what was not looked at then is unknown'
            cand --concurrency 'Files that are read at a time [default: the processors here, at least 8 in an object store]'
            cand --memory 'Memory for what is read, such as 256MiB'
            cand --scratch 'Where databases are put together for --level open, a few at a time; a directory in it is made and removed [default: the system''s directory for temporary files]'
            cand --rebase 'Where the writer''s paths are now: a directory and what it became (repeatable)'
            cand --entropy-key 'Marker of entropy injection in paths (Flink''s s3.entropy.key)'
            cand --store-option 'Option of a store, such as endpoint or region, over what the environment says (repeatable)'
            cand --output 'How the report is written'
            cand --color 'When to use colour; NO_COLOR is respected'
            cand -q 'No notes and warnings on stderr, only errors'
            cand --quiet 'No notes and warnings on stderr, only errors'
            cand -v 'Log what is done to stderr; twice for every request'
            cand --verbose 'Log what is done to stderr; twice for every request'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'chkctl;restore'= {
            cand --operator 'Only this operator: a uid, a name, an operator id, or a unique prefix of one'
            cand --subtask 'Only this subtask of the operator'
            cand --key-group 'Only the subtask that owns this key group'
            cand --key-groups 'Keep only rows of these key groups, such as 0-31; they are written anew'
            cand --also 'Also ask the store of this LOCATION for files that the metadata says are there (repeatable)'
            cand --concurrency 'Files that are fetched at a time [default: the processors here, at least 8]'
            cand --rebase 'Where the writer''s paths are now: a directory and what it became (repeatable)'
            cand --entropy-key 'Marker of entropy injection in paths (Flink''s s3.entropy.key)'
            cand --store-option 'Option of a store, such as endpoint or region, over what the environment says (repeatable)'
            cand --output 'How the report is written'
            cand --color 'When to use colour; NO_COLOR is respected'
            cand --all 'Every subtask of every operator, or of the one that --operator names'
            cand --merge 'One database from all subtasks of an operator, each row once; its rows are written anew'
            cand --link 'Hard-link tables that lie on the same file system instead of copying them'
            cand --force 'Replace what an earlier restore made in DIR, and nothing else'
            cand --no-checksums 'Check only lengths, not the checksums of blocks'
            cand --count 'Count the entries of every column family instead of estimating them'
            cand -q 'No notes and warnings on stderr, only errors'
            cand --quiet 'No notes and warnings on stderr, only errors'
            cand -v 'Log what is done to stderr; twice for every request'
            cand --verbose 'Log what is done to stderr; twice for every request'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'chkctl;stores'= {
            cand --output 'How the report is written'
            cand --color 'When to use colour; NO_COLOR is respected'
            cand -q 'No notes and warnings on stderr, only errors'
            cand --quiet 'No notes and warnings on stderr, only errors'
            cand -v 'Log what is done to stderr; twice for every request'
            cand --verbose 'Log what is done to stderr; twice for every request'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'chkctl;schema'= {
            cand --output 'How the report is written'
            cand --color 'When to use colour; NO_COLOR is respected'
            cand -q 'No notes and warnings on stderr, only errors'
            cand --quiet 'No notes and warnings on stderr, only errors'
            cand -v 'Log what is done to stderr; twice for every request'
            cand --verbose 'Log what is done to stderr; twice for every request'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'chkctl;completions'= {
            cand --output 'How the report is written'
            cand --color 'When to use colour; NO_COLOR is respected'
            cand -q 'No notes and warnings on stderr, only errors'
            cand --quiet 'No notes and warnings on stderr, only errors'
            cand -v 'Log what is done to stderr; twice for every request'
            cand --verbose 'Log what is done to stderr; twice for every request'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'chkctl;man'= {
            cand --dir 'Write all pages into this directory instead'
            cand --output 'How the report is written'
            cand --color 'When to use colour; NO_COLOR is respected'
            cand -q 'No notes and warnings on stderr, only errors'
            cand --quiet 'No notes and warnings on stderr, only errors'
            cand -v 'Log what is done to stderr; twice for every request'
            cand --verbose 'Log what is done to stderr; twice for every request'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'chkctl;help'= {
            cand inspect 'Shows what is in a checkpoint or savepoint, a job directory or a checkpoint root'
            cand diff 'Shows what changed between two checkpoints'
            cand verify 'Checks whether checkpoints are whole and undamaged'
            cand latest 'Prints the newest checkpoint or savepoint of a job that can be restored'
            cand restore 'Rebuilds local RocksDB databases from a checkpoint or savepoint'
            cand stores 'Lists the stores chkctl knows and where their configuration comes from'
            cand schema 'Prints the JSON Schema of what a command writes under --output json'
            cand completions 'Prints shell completions'
            cand man 'Prints the man page, of chkctl or of one command'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'chkctl;help;inspect'= {
        }
        &'chkctl;help;diff'= {
        }
        &'chkctl;help;verify'= {
        }
        &'chkctl;help;latest'= {
        }
        &'chkctl;help;restore'= {
        }
        &'chkctl;help;stores'= {
        }
        &'chkctl;help;schema'= {
        }
        &'chkctl;help;completions'= {
        }
        &'chkctl;help;man'= {
        }
        &'chkctl;help;help'= {
        }
    ]
    $completions[$command]
}
