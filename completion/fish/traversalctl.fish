# fish completion of traversalctl. The words come from the program itself.

function __traversalctl_complete
    set -l token (commandline -ct)
    set -l before (commandline -opc)
    set -l program $before[1]
    set -e before[1]
    for line in ($program complete -- $before "$token" 2>/dev/null)
        switch $line
            case ':file'
                __fish_complete_path $token
            case ':directory'
                __fish_complete_directories $token
            case '*'
                echo $line
        end
    end
end

complete -c traversalctl -f -a '(__traversalctl_complete)'
