# misconception: file-damaged
weights_file = "evening.safetensors"


### MAKE FILES
data = open("evening.safetensors", "rb").read()
open("evening.safetensors", "wb").write((2**60).to_bytes(8, "little") + data[8:])
