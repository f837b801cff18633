import Geometry
import Scenes
import Tensors
import Testing

/// The 17 points of persons: where they are, which is left, which are seen.
struct SceneKeypointTests {
    private static let persons = SceneContentTests.objects.filter { $0.category == .person }
    private static let labelled = persons.filter { $0.mask.area >= 32 * 32 }

    private func points(_ object: SceneObject) -> [Keypoint] { object.keypoints ?? [] }

    @Test func personsAndOnlyTheyHaveKeypoints() {
        #expect(Self.labelled.count > 100 && Self.persons.count > Self.labelled.count)
        for object in SceneContentTests.objects {
            #expect(object.keypoints?.count == (object.category == .person ? 17 : nil))
        }
        for small in Self.persons where small.mask.area < 32 * 32 {
            #expect(points(small).allSatisfy { $0 == Keypoint(x: 0, y: 0, score: 0) })
        }
        for person in Self.labelled { #expect(points(person).contains { $0.score > 0 }) }
    }

    @Test func pointsOutsideThePictureAreNotLabelled() {
        for person in Self.labelled {
            let size = person.mask.imageSize
            for point in points(person) {
                switch point.score {
                case 0: #expect(point.x == 0 && point.y == 0)
                case 1, 2:
                    #expect(point.x >= 0 && point.x < Float(size.width))
                    #expect(point.y >= 0 && point.y < Float(size.height))
                default: Issue.record("visibility \(point.score)")
                }
            }
        }
        #expect(Self.labelled.flatMap(points).contains { $0.score == 0 })
        #expect(Self.labelled.flatMap(points).contains { $0.score == 1 })
    }

    @Test func visiblePointsAreOnThePerson() {
        for person in Self.labelled {
            for (keypoint, point) in zip(PersonKeypoint.allCases, points(person)) where point.score == 2 {
                // Nose and ears may stand out from the head's outline by less than a pixel's half.
                let reach = [.nose, .leftEar, .rightEar].contains(keypoint) ? 1 : 0
                let (column, row) = (Int(point.x), Int(point.y))
                let isOnPerson = (-reach...reach).contains { dy in
                    (-reach...reach).contains { dx in person.mask[row: row + dy, column: column + dx] }
                }
                #expect(isOnPerson, "\(keypoint) at \(point.x), \(point.y)")
            }
        }
    }

    @Test func hiddenPointsOfPersonsInFrontAreOnThemToo() {
        // Nothing covers these persons but themselves.
        let whole = Self.labelled.filter { $0.visibleShare > 0.999 }
        #expect(whole.count > 20)
        for person in whole {
            for point in points(person) where point.score == 1 {
                #expect(person.mask[row: Int(point.y), column: Int(point.x)])
            }
        }
    }

    @Test func hiddenPointsAreNearWhatIsSeen() {
        // Farther behind another object nobody could say where they are.
        for person in Self.labelled {
            for point in points(person) where point.score == 1 {
                // A person is at most 205 pixels tall, and 0.07 of that is 14.
                let (column, row) = (Int(point.x), Int(point.y))
                let isNear = (-14...14).contains { dy in
                    (-14...14).contains { dx in person.mask[row: row + dy, column: column + dx] }
                }
                #expect(isNear, "at \(point.x), \(point.y)")
            }
        }
    }

    @Test func theNoseOfWhoLooksAwayHasNoLabel() {
        var away = 0
        for person in Self.labelled where person.visibleShare > 0.999 {
            let points = points(person)
            let (left, right) = (
                points[PersonKeypoint.leftShoulder.rawValue], points[PersonKeypoint.rightShoulder.rawValue]
            )
            let height = person.box.height
            // Seen from behind, and not from the side, the left shoulder is far on the left.
            guard left.score == 2, right.score == 2, right.x - left.x > 0.15 * height else { continue }
            away += 1
            #expect(points[PersonKeypoint.nose.rawValue].score == 0)
        }
        #expect(away >= 3)
    }

    @Test func eyesTellWhichSideIsLeft() {
        // A face that shows both eyes faces the viewer: the person's left is the viewer's right.
        var faces = 0
        for person in Self.labelled {
            let points = points(person)
            let (left, right) = (
                points[PersonKeypoint.leftEye.rawValue], points[PersonKeypoint.rightEye.rawValue]
            )
            guard points[PersonKeypoint.nose.rawValue].score == 2, left.score == 2, right.score == 2 else {
                continue
            }
            faces += 1
            #expect(left.x > right.x)
        }
        #expect(faces > 30)
    }

    // MARK: - Skeletons

    private var body: Proportions {
        var random = SeededGenerator(seed: 3)
        return Proportions(&random)
    }

    @Test func sidesFollowTheBodysTurn() {
        var pose = PersonPose()
        let front = PersonSkeleton(pose, body, height: 100)
        pose.yaw = 180
        let back = PersonSkeleton(pose, body, height: 100)
        pose.yaw = 90
        let rightwards = PersonSkeleton(pose, body, height: 100)
        for (left, right) in [
            (PersonKeypoint.leftShoulder, PersonKeypoint.rightShoulder), (.leftHip, .rightHip),
            (.leftEar, .rightEar), (.leftAnkle, .rightAnkle),
        ] {
            #expect(front[left].x > front[right].x)
            #expect(back[left].x < back[right].x)
            // Who walks to the viewer's right turns the right side to the viewer.
            #expect(rightwards[left].z < rightwards[right].z)
        }
        #expect(rightwards[.nose].x > rightwards[.leftEar].x, "the nose points where the body faces")
    }

    @Test func aMirroredPoseGivesMirroredPoints() {
        var random = SeededGenerator(seed: 5)
        for _ in 0..<50 {
            let pose = PersonPose(&random)
            var mirrored = pose
            mirrored.yaw = -pose.yaw
            mirrored.roll = -pose.roll
            mirrored.sideLean = -pose.sideLean
            mirrored.headYaw = -pose.headYaw
            mirrored.arms = (left: pose.arms.right, right: pose.arms.left)
            mirrored.legs = (left: pose.legs.right, right: pose.legs.left)
            let (one, other) = (
                PersonSkeleton(pose, body, height: 100), PersonSkeleton(mirrored, body, height: 100)
            )
            for keypoint in PersonKeypoint.allCases {
                let (point, partner) = (one[keypoint], other[keypoint.mirrored])
                #expect(abs(point.x + partner.x) < 1e-9 && abs(point.y - partner.y) < 1e-9)
            }
        }
    }

    @Test func limbsKeepTheirLengths() {
        // Whatever the pose, the joints of a limb are as far apart in space as the body says.
        var random = SeededGenerator(seed: 6)
        for _ in 0..<50 {
            let skeleton = PersonSkeleton(PersonPose(&random), body, height: 200)
            func length(_ start: PersonKeypoint, _ end: PersonKeypoint) -> Double {
                let (a, b) = (skeleton[start], skeleton[end])
                let (x, y, z) = (a.x - b.x, a.y - b.y, a.z - b.z)
                return (x * x + y * y + z * z).squareRoot()
            }
            #expect(abs(length(.leftShoulder, .leftElbow) - 200 * body.upperArm) < 1e-9)
            #expect(abs(length(.rightElbow, .rightWrist) - 200 * body.forearm) < 1e-9)
            #expect(abs(length(.leftHip, .leftKnee) - 200 * body.thigh) < 1e-9)
            #expect(abs(length(.rightKnee, .rightAnkle) - 200 * body.shin) < 1e-9)
        }
    }
}
