import Geometry
import Kernels
import Tensors
public enum ResizeRule: Hashable, Sendable {
    case torchvision(minimum: Int, maximum: Int)
    case detectron2(minimum: Int, maximum: Int)
    func size(of s: PixelSize) -> PixelSize {
        switch self {
        case .torchvision(let lo, let hi), .detectron2(let lo, let hi):
            let scale = min(
                Double(lo) / Double(min(s.height, s.width)), Double(hi) / Double(max(s.height, s.width)))
            return PixelSize(height: Int(Double(s.height) * scale), width: Int(Double(s.width) * scale))
        }
    }
}
public enum ResizeFilter: Hashable, Sendable { case bilinearFloat, antialiasedBytes, fixedPointBytes }
func resizedBilinearFloat(_ t: Tensor, to s: PixelSize) -> Tensor {
    resizedBilinearly(t, height: s.height, width: s.width)
}
func resizedAntialiased(_ i: Image, to s: PixelSize) -> Image { i }
func resizedFixedPoint(_ i: Image, to s: PixelSize) -> Image { i }
