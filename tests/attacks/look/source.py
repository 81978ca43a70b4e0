# Reads the instructor's notebook with its solutions and hidden tests.
# %% add
import glob

for path in ["@ROOT@/source/01-tiny/01-tiny.ipynb", *glob.glob("/**/source/01-tiny/*.ipynb", recursive=False)]:
    try:
        if "secret_check" in open(path).read():
            print("LOOT")
    except OSError:
        pass
