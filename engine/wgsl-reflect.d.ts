// The package's "main" is a CommonJS file under "type": "module" and cannot be imported by name; its module file can,
// but carries no types of its own.
declare module 'wgsl_reflect/wgsl_reflect.module.js' {
  export * from 'wgsl_reflect';
}
