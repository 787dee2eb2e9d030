import atexit
import gc

# torch, Lightning and MONAI make a million objects that stay. To look through them for garbage over and over
# while they are imported, and once more at the end, takes a third of the time of importing them and ending.
gc.set_threshold(100_000)
atexit.register(gc.freeze)
