#include "scenes/options.h"

#include "cli/error.h"

#include <getopt.h>

#include <charconv>
#include <cstdint>
#include <limits>
#include <string_view>

namespace lip::demo {

using cli::UsageError;

namespace {

constexpr option kOptions[] = {
    {"out", required_argument, nullptr, 'o'},
    {"train", required_argument, nullptr, 't'},
    {"test", required_argument, nullptr, 'e'},
    {"single", required_argument, nullptr, 'i'},
    {"seed", required_argument, nullptr, 's'},
    {"size", required_argument, nullptr, 'z'},
    {"jobs", required_argument, nullptr, 'j'},
    {"kinds", required_argument, nullptr, 'k'},
    {"font", required_argument, nullptr, 'f'},
    {"names", required_argument, nullptr, 'n'},
    {"stickers", required_argument, nullptr, 'p'},
    {"help", no_argument, nullptr, 'h'},
    {nullptr, 0, nullptr, 0},
};

template <class Number>
Number number(std::string_view name, std::string_view text, Number low, Number high) {
    Number value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value < low || value > high) {
        throw UsageError(std::string(name) + ": expected a whole number from " +
                         std::to_string(low) + " to " + std::to_string(high) + ", found \"" +
                         std::string(text) + "\"");
    }
    return value;
}

void apply(int option_letter, const char* value, Options& options) {
    SceneSet& set = options.set;
    constexpr std::size_t kNone = 0;
    switch (option_letter) {
        case 'o':
            set.out = value;
            break;
        case 't':
            set.train = number("--train", value, kNone, kMaxScenes);
            break;
        case 'e':
            set.test = number("--test", value, kNone, kMaxScenes);
            break;
        case 'i':
            set.single = number("--single", value, kNone, kMaxScenes);
            break;
        case 's':
            set.seed = number<std::uint64_t>("--seed", value, 0,
                                             std::numeric_limits<std::uint64_t>::max());
            break;
        case 'z':
            set.size = number("--size", value, kMinSize, kMaxSize);
            break;
        case 'j':
            set.threads = number("-j", value, 1, kMaxThreads);
            break;
        case 'k':
            set.kinds = value;
            break;
        case 'p':
            set.pictures = value;
            break;
        case 'f':
            set.font = value;
            break;
        case 'n':
            set.names = value;
            break;
        default:
            options.help = true;
            break;
    }
}

}  // namespace

Options parse_options(int argc, char** argv) {
    Options options;
    bool uses_font = false;
    opterr = 0;
    optind = 1;
    for (;;) {
        const int letter = getopt_long(argc, argv, ":j:", kOptions, nullptr);
        if (letter == -1) break;
        if (letter == '?') throw UsageError(std::string("unknown option ") + argv[optind - 1]);
        if (letter == ':') throw UsageError(std::string(argv[optind - 1]) + " needs a value");
        uses_font = uses_font || letter == 'f' || letter == 'n';
        apply(letter, optarg, options);
    }
    if (options.help) return options;
    if (optind < argc) throw UsageError(std::string("unexpected operand ") + argv[optind]);
    if (options.set.out.empty()) throw UsageError("--out DIR is required");
    if (uses_font && !options.set.pictures.empty())
        throw UsageError("--stickers takes the place of --font and --names");
    return options;
}

std::string help_text() {
    const SceneSet set;
    return "usage: make-scenes --out DIR [options]\n"
           "\n"
           "Writes a data set of colour stickers on small scenes: images, captions as a caption\n"
           "release has them, boxes, masks. The same seed gives the same bytes.\n"
           "\n"
           "  --out DIR       folder to write to; made if absent\n"
           "  --train N       scenes of the split train (default " +
           std::to_string(set.train) +
           ")\n"
           "  --test N        scenes of the split test (default " +
           std::to_string(set.test) +
           ")\n"
           "  --single N      scenes of one sticker, for classification (default " +
           std::to_string(set.single) +
           ")\n"
           "  --seed S        seed of all chance (default " +
           std::to_string(set.seed) +
           ")\n"
           "  --size PIXELS   side of a scene, " +
           std::to_string(kMinSize) + " to " + std::to_string(kMaxSize) + " (default " +
           std::to_string(set.size) +
           ")\n"
           "  -j, --jobs N    threads (default: one a processor)\n"
           "  --kinds FILE    code point, TAB and name a line (default " +
           set.kinds.string() +
           ")\n"
           "  --stickers DIR  PNG pictures in place of a font's; --kinds then lists their files\n"
           "                  below DIR, TAB and name; the first line of owl.txt beside owl.png\n"
           "                  has to hold the name\n"
           "  --font FILE     font with colour bitmaps\n"
           "                  (default " +
           set.font.string() +
           ")\n"
           "  --names FILE    Unicode's emoji-test.txt\n"
           "                  (default " +
           set.names.string() +
           ")\n"
           "  --help          print this and exit\n";
}

}  // namespace lip::demo
