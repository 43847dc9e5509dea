// train: shards become checkpoints.
#include "cmd/train/train.h"

int main(int argc, char** argv) {
    lip::cmd::TrainOptions options;
    lip::cli::Tool tool = lip::cmd::train_tool(options);
    return lip::cli::run_tool(argc, argv, tool, options.common);
}
