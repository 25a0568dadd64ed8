<?php
/**
 * Plugin Name: IMS Assistant chat
 * Description: Shows the clinic's chat window on every page. Settings > Clinic chat: the address of your assistant.
 * Version: 1.0
 * License: Apache-2.0
 */

if (!defined('ABSPATH')) {
    exit;
}

add_action('admin_init', function () {
    register_setting('ims_chat', 'ims_chat_address', ['type' => 'string', 'sanitize_callback' => 'esc_url_raw', 'default' => '']);
});

add_action('admin_menu', function () {
    add_options_page('Clinic chat', 'Clinic chat', 'manage_options', 'ims-chat', function () {
        ?>
        <div class="wrap">
          <h1>Clinic chat</h1>
          <form method="post" action="options.php">
            <?php settings_fields('ims_chat'); ?>
            <p><label>Address of your assistant, such as https://chat.your-clinic.ca<br>
              <input type="url" class="regular-text" name="ims_chat_address" value="<?php echo esc_attr(get_option('ims_chat_address')); ?>">
            </label></p>
            <?php submit_button(); ?>
          </form>
        </div>
        <?php
    });
});

add_action('wp_enqueue_scripts', function () {
    if ($address = get_option('ims_chat_address')) {
        wp_enqueue_script('ims-chat', trailingslashit($address) . 'widget.js', [], null, true);
    }
});

/* Caches that combine or delay scripts leave this one alone. */
add_filter('script_loader_tag', function ($tag, $handle) {
    $home = esc_attr(trailingslashit(get_option('ims_chat_address')));
    return $handle === 'ims-chat' ? str_replace('<script ', "<script async data-no-optimize=\"1\" data-cfasync=\"false\" data-home=\"$home\" ", $tag) : $tag;
}, 10, 2);
