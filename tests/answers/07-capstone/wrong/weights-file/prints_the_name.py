# misconception: nothing-returned
def weights_file():
    print("evening.safetensors")
