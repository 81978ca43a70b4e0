# A freshly started Python reads the memory of the notebook's process, where no hook of ours is.
# %% add
import subprocess

PROGRAM = """
import re
for line in open("/proc/%d/maps"):
    if "[heap]" in line:
        start, end = (int(part, 16) for part in line.split()[0].split("-"))
        with open("/proc/%d/mem", "rb", 0) as memory:
            memory.seek(start)
            print("LOOT", len(memory.read(min(end - start, 4096))))
"""
print(subprocess.run([sys.executable, "-c", PROGRAM % (os.getpid(), os.getpid())], capture_output=True, text=True).stdout)
