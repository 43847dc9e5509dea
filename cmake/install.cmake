# make install: programs with PROGRAM_PREFIX, man pages, completions, recipes and word lists, and,
# where LibTorch and Arrow are the private ones of this checkout, its shared libraries, so that the installed
# tools do not depend on the checkout.
include(GNUInstallDirs)

if(LIBTORCH_DIR MATCHES "^${CMAKE_SOURCE_DIR}/.deps/" AND NOT LIBTORCH_torch_cuda)
  file(GLOB libraries ${LIBTORCH_DIR}/lib/libtorch.so ${LIBTORCH_DIR}/lib/libtorch_cpu.so
       ${LIBTORCH_DIR}/lib/libc10.so ${LIBTORCH_DIR}/lib/libgomp*.so* ${LIBTORCH_DIR}.libs/*.so*)
  install(FILES ${libraries} DESTINATION lib/liptools)
endif()

# Modules look for LibTorch beside themselves first, then where it was when built.
foreach(tool ${MODEL_TOOLS})
  set_target_properties(lip_${tool} PROPERTIES BUILD_RPATH "$ORIGIN")
  install(PROGRAMS $<TARGET_FILE:lip_${tool}> DESTINATION lib/liptools)
endforeach()

if(TARGET lip_parquet)
  install(TARGETS lip_parquet LIBRARY DESTINATION lib/liptools)
  if(ARROWCPP_LIBRARY_DIR MATCHES "^${CMAKE_SOURCE_DIR}/.deps/")
    install(FILES ${ARROWCPP_LIBRARIES} DESTINATION lib/liptools)
  endif()
endif()

install(DIRECTORY share/ DESTINATION share/liptools)
install(FILES ${CMAKE_SOURCE_DIR}/.deps/share/tagger-en.json DESTINATION share/liptools OPTIONAL)
foreach(tool ${TOOLS})
  if(EXISTS ${CMAKE_SOURCE_DIR}/man/${tool}.1)
    install(FILES man/${tool}.1 DESTINATION share/man/man1 RENAME ${PROGRAM_PREFIX}${tool}.1)
  endif()
endforeach()
install(FILES man/lip.7 DESTINATION share/man/man7)
file(GLOB format_pages man/*.5)
install(FILES ${format_pages} DESTINATION share/man/man5)
