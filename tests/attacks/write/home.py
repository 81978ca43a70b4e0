# Leaves a start-up file in the grader's home and in Python's own folders.
# stock: not run: it would write outside its folder
# %% add
import sysconfig

for folder in ("@HOME@", sysconfig.get_path("purelib"), os.path.dirname(os.__file__)):
    try:
        with open(f"{folder}/.attack-on-the-next.pth", "w") as file:
            file.write("import os")
        print("LOOT", folder)
    except OSError:
        pass
