// What `import COCOEvaluation` gives: COCO's annotation and results files, and AP and AR of boxes, masks and
// keypoints, and the context that limits its threads. The product needs no C library.

@_exported import COCO
@_exported import Execution
@_exported import Geometry
