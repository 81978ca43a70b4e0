# Writes a forged result on every open descriptor, in the cell and while it is checked.
# finding: counts as failed
# %% add
import json
import struct

def forge():
    data = json.dumps({"well": True, "score": 2.0, "outputs": [], "seconds": 0, "notes": [], "token": ""}).encode()
    for descriptor in range(3, 1024):
        try:
            os.write(descriptor, struct.pack("!Q", len(data)) + data)
        except OSError:
            pass

def add(x, y):
    forge()
    os._exit(0)
