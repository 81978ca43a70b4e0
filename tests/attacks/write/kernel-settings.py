# Opens the system's settings below /proc for writing, as a grader who is root could.
# stock: not run: it would write outside its folder
# %% add
for path in ("/proc/sys/kernel/core_pattern", "/proc/sys/vm/overcommit_memory", "/proc/sysrq-trigger"):
    try:
        os.close(os.open(path, os.O_WRONLY))
        print("LOOT", path)
    except OSError:
        pass
