# Changes what others have handed in.
# stock: not run: it would write outside its folder
# %% add
for path in ("@ROOT@/submitted/forged/01-tiny", "@ROOT@/autograded/forged/01-tiny"):
    try:
        os.makedirs(path)
    except OSError:
        pass
