// What `import MaskRCNN` gives: from a checkpoint and an image to instances, and these as COCO's results.
// Nothing here draws; the product needs no Cairo.

@_exported import COCO
@_exported import Execution
@_exported import Formats
@_exported import Geometry
@_exported import Inference
@_exported import Kernels
@_exported import Loading
@_exported import Tensors
