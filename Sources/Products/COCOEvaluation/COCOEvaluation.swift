// What `import COCOEvaluation` gives: COCO's annotation and results files, and AP and AR of boxes, masks and
// keypoints. The product needs no C library.

@_exported import COCO
@_exported import Geometry
