# Writes a compiled extension module and imports it.
# finding: it reached for `ExtensionFileLoader`
# %% add
import importlib.machinery
import importlib.util
import shutil
import sysconfig

def add(x, y):
    return 0

folder = sysconfig.get_config_var("DESTSHARED") or os.path.dirname(os.__file__) + "/lib-dynload"
library = next((name for name in sorted(os.listdir(folder)) if name.startswith("_crypt.")), None) or sorted(os.listdir(folder))[0]
shutil.copy(f"{folder}/{library}", library)
name = library.partition(".")[0]
spec = importlib.util.spec_from_loader(name, importlib.machinery.ExtensionFileLoader(name, os.path.abspath(library)))
importlib.util.module_from_spec(spec)
print("LOOT")
