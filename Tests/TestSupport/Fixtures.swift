import Foundation
import Geometry

extension Foundation.Bundle {
    /// The path of a file that an independent implementation made; the README beside it says which.
    package func fixture(_ name: String) -> String { bundlePath + "/Fixtures/" + name }

    /// Decodes such a file, which is JSON.
    package func decoded<Value: Decodable>(_ name: String, as type: Value.Type = Value.self) throws -> Value {
        try JSONDecoder().decode(type, from: Data(contentsOf: URL(fileURLWithPath: fixture(name + ".json"))))
    }
}

/// Boxes from four numbers each: left, upper, right and lower edge.
package func boxes(_ edges: some BidirectionalCollection<Float>) -> [Box] {
    let edges = Array(edges)
    return stride(from: 0, to: edges.count - 3, by: 4).map {
        Box(x1: edges[$0], y1: edges[$0 + 1], x2: edges[$0 + 2], y2: edges[$0 + 3])
    }
}
