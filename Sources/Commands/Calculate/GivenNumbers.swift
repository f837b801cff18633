import ArgumentParser
import Geometry

/// A box on the command line, `left,upper,right,lower` with edges in ascending order: `10,20,30,40`.
struct GivenBox: ExpressibleByArgument {
    let box: Box

    init?(argument: String) {
        guard let box = CornersArgument(argument: argument)?.box, box.width > 0, box.height > 0 else {
            return nil
        }
        self.box = box
    }
}

/// Two integers on the command line: `12,34`.
struct GivenPlace: ExpressibleByArgument {
    let x: Int
    let y: Int

    init?(argument: String) {
        let parts = argument.split(separator: ",", omittingEmptySubsequences: false)
        let values = parts.compactMap { Int($0) }.filter { abs($0) <= 1_000_000 }
        guard parts.count == 2, values.count == 2 else { return nil }
        (x, y) = (values[0], values[1])
    }
}
