# misconception: pickle-for-weights
weights_file = "evening.safetensors"


### MAKE FILES
import pickle


class Surprise:
    def __reduce__(self):
        return open, ("surprise.txt", "w")


with open("evening.safetensors", "wb") as file:
    pickle.dump(Surprise(), file)
