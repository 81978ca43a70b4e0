"""A learner's own photos: from a folder or a table to features, batches and a prediction.

    from course.vision import photos

    album = photos.read_folder("my photos")                     # a folder for each class
    training, validation, test = photos.split(album)
    backbone = photos.load_backbone("efficientnet_lite0")
    model = photos.probe(backbone, training)
    photos.predict(model, backbone.transform, "a new one.jpg")  # {"class": {"cat": 0.97, ...}}

`album.problems` says which files were skipped or converted, `photos.read_csv` reads a table with
one or several columns of labels, `photos.features` returns what `probe` trains on, and
`photos.loader` the batches that fine-tuning needs.
"""

from course.vision.backbones import accelerator
from course.vision.photos.album import MISSING, Album
from course.vision.photos.backbones import Backbone, load_backbone
from course.vision.photos.duplicates import near_duplicates
from course.vision.photos.extracting import features
from course.vision.photos.folders import read_folder
from course.vision.photos.loading import autocast, loader
from course.vision.photos.opening import PhotoError, open_photo
from course.vision.photos.prediction import predict
from course.vision.photos.probing import PhotoModel, probe
from course.vision.photos.splitting import split
from course.vision.photos.tables import read_csv

__all__ = [
    "MISSING",
    "Album",
    "Backbone",
    "PhotoError",
    "PhotoModel",
    "accelerator",
    "autocast",
    "features",
    "load_backbone",
    "loader",
    "near_duplicates",
    "open_photo",
    "predict",
    "probe",
    "read_csv",
    "read_folder",
    "split",
]
