# Lists all processes of the machine.
# %% add
def names():
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                yield open(f"/proc/{name}/cmdline", "rb").read()
            except OSError:
                pass

if any(b"distributed" in line or b"pytest" in line or b"tests.attacks" in line for line in names()):
    print("LOOT")
