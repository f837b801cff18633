/// A deviation from COCO's format that has a clear meaning.
enum Oddity: Int, CaseIterable, Sendable {
    case strayPolygon, unevenPolygon, missingBox, missingArea, strangeArea, otherSpelling,
        missingID
    case repeatedAnnotation, repeatedImage, repeatedCategory, wrapped

    /// A sentence that tells in how many entries the deviation was found, and how it was interpreted.
    fileprivate func sentence(_ count: Int) -> String {
        let annotations = count == 1 ? "1 annotation has" : "\(count) annotations have"
        let entries = count == 1 ? "1 entry has" : "\(count) entries have"
        return switch self {
        case .strayPolygon: "\(entries) polygons of fewer than three points, which were dropped"
        case .unevenPolygon:
            "\(entries) polygons of an odd number of coordinates, of which the last was dropped"
        case .missingBox: "\(annotations) no usable bbox: the box around the segmentation was taken"
        case .missingArea: "\(annotations) no area: that of the mask, or else of the box, was taken"
        case .strangeArea:
            "\(annotations) an area that is negative or no finite number; COCO's tools find objects of a negative or "
                + "infinite area in no range of sizes, and those of NaN in each"
        case .otherSpelling:
            "\(entries) an id as text which elsewhere is a number, or the reverse; they were taken as the same"
        case .missingID: "\(annotations) no id; a new one was given"
        case .repeatedAnnotation:
            "\(annotations) an id that an earlier one has; COCO's tools evaluate the last of them as often as the id "
                + "occurs, and so do these numbers"
        case .repeatedImage: "\(count) images repeat an id; as in COCO's tools the last one counts"
        case .repeatedCategory: "\(count) categories repeat an id; as in COCO's tools the last one counts"
        case .wrapped: "the results are in an object with 'annotations'; COCO's results files are a list"
        }
    }
}

/// How often each oddity occurred in a file, and in which entry first.
struct Oddities: Sendable {
    private var found: [Oddity: (count: Int, first: String)] = [:]

    /// Notes an oddity of the entry called `entry`.
    mutating func add(_ oddity: Oddity, of entry: @autoclosure () -> String) {
        if let earlier = found[oddity] {
            found[oddity] = (earlier.count + 1, earlier.first)
        } else {
            found[oddity] = (1, entry())
        }
    }

    /// One line per kind of oddity.
    var remarks: [String] {
        Oddity.allCases.compactMap { oddity in
            found[oddity].map { count, first in
                oddity.sentence(count) + (first.isEmpty ? "" : " (first: \(first))")
            }
        }
    }
}
