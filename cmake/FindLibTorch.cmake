# Finds LibTorch without needing a CUDA toolkit (the configuration that ships with it asks for one
# where it was built with CUDA, although nothing here compiles CUDA code).
#
# Looks at LIBTORCH (variable or environment): the folder with include/ and lib/, that is the torch
# folder of a wheel or an unpacked LibTorch; else Torch_DIR; else the private folder that
# scripts/install-deps makes. Defines LibTorch::LibTorch and LIBTORCH_DIR.
set(candidates ${LIBTORCH} $ENV{LIBTORCH})
foreach(dir ${Torch_DIR} $ENV{Torch_DIR})
  list(APPEND candidates ${dir}/../../..)
endforeach()
file(GLOB private ${CMAKE_SOURCE_DIR}/.deps/venv/lib/python3*/site-packages/torch)
find_path(LIBTORCH_DIR include/torch/csrc/api/include/torch/torch.h
          PATHS ${candidates} ${private} NO_DEFAULT_PATH)

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(LibTorch REQUIRED_VARS LIBTORCH_DIR REASON_FAILURE_MESSAGE
  "run scripts/install-deps, or name a LibTorch folder with LIBTORCH=/path")

if(LibTorch_FOUND AND NOT TARGET LibTorch::LibTorch)
  add_library(LibTorch::LibTorch INTERFACE IMPORTED)
  target_include_directories(LibTorch::LibTorch SYSTEM INTERFACE
    ${LIBTORCH_DIR}/include ${LIBTORCH_DIR}/include/torch/csrc/api/include)
  foreach(name torch torch_cpu c10)
    find_library(LIBTORCH_${name} ${name} PATHS ${LIBTORCH_DIR}/lib NO_DEFAULT_PATH REQUIRED)
    target_link_libraries(LibTorch::LibTorch INTERFACE ${LIBTORCH_${name}})
  endforeach()
  # A build with CUDA registers its kernels when these are loaded, so the linker must keep them.
  foreach(name torch_cuda c10_cuda)
    find_library(LIBTORCH_${name} ${name} PATHS ${LIBTORCH_DIR}/lib NO_DEFAULT_PATH)
    if(LIBTORCH_${name})
      target_link_libraries(LibTorch::LibTorch INTERFACE
        -Wl,--no-as-needed ${LIBTORCH_${name}} -Wl,--as-needed)
    endif()
  endforeach()
  target_compile_definitions(LibTorch::LibTorch INTERFACE _GLIBCXX_USE_CXX11_ABI=1
                             LIP_HAS_CUDA=$<BOOL:${LIBTORCH_torch_cuda}>)
  # at::parallel_for is a template compiled here: without OpenMP it would silently be serial. The
  # library must be the one that LibTorch itself uses: a wheel brings it along.
  target_compile_options(LibTorch::LibTorch INTERFACE -fopenmp)
  file(GLOB openmp ${LIBTORCH_DIR}/lib/libgomp*.so*)
  if(NOT openmp)
    set(openmp -fopenmp)
  endif()
  target_link_libraries(LibTorch::LibTorch INTERFACE ${openmp})
endif()
