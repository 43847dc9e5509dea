// What recaption-ingest reads: folders, tars, files of captions.
#include "cmd/recaption-ingest/ingest.h"
#include "record/content.h"
#include "record/entities.h"
#include "record/lines.h"
#include "record/region_columns.h"
#include "shard/caption_tars.h"
#include "shard/picture_rows.h"

#include <algorithm>
#include <filesystem>

namespace lip::cmd {

using namespace record;

std::unique_ptr<RowReader> open_any(const std::string& path, const ImportSettings& settings,
                                    std::string& format) {
    const auto tars = shard::tar_formats();
    const bool is_folder = path != "-" && std::filesystem::is_directory(path);
    const std::string_view folder =
        is_folder && is_entities_folder(path) ? kEntities : shard::kPictureFolder;
    if (is_folder && !format.empty() && format != folder)
        throw cli::DataError(path + ": a folder of " +
                             (folder == kEntities ? "Flickr30k Entities" : "pictures") + " is no " +
                             format);
    if (is_folder) {
        format = folder;
        const bool is_entities = folder == kEntities;
        if (is_entities && settings.found)
            settings.found(path, format, "Sentences and Annotations");
        return with_regions(is_entities ? open_entities(path, settings)
                                        : shard::open_picture_folder(path, settings),
                            settings.map.regions);
    }
    if (format == shard::kPictureFolder)
        throw cli::DataError(display_name(path) + ": is no folder of pictures");
    if (format == kEntities)
        throw cli::DataError(display_name(path) + ": is no folder with Sentences and Annotations");
    auto source = std::make_unique<CaptionSource>(path);
    const bool named = std::ranges::any_of(tars, [&](const auto& t) { return t.name == format; });
    if (!named && !(format.empty() && content_of(source->head()).content == Content::kTar))
        return open_captions(std::move(source), settings, format);
    const std::string name = source->name();
    auto reader = shard::open_caption_tar(std::move(source), settings, name, format);
    if (!named && settings.found) settings.found(name, format, "a tar");
    return with_regions(std::move(reader), settings.map.regions);
}

std::vector<FormatLine> all_formats() {
    std::vector<FormatLine> lines;
    for (const shard::TarFormat& format : shard::tar_formats())
        lines.push_back({format.name, format.summary});
    for (const CaptionFormat& format : caption_formats())
        lines.push_back({format.name, format.summary});
    return lines;
}

}  // namespace lip::cmd
